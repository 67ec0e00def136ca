/// Parts whose verdicts are known, by camera.
public struct GoldenSettings: Sendable, Equatable {
    public struct Camera: Sendable, Equatable {
        public var camera: String
        /// Files, or folders of JPEG, PNG or BMP pictures.
        public var good: [String] = []
        public var defective: [String] = []

        public init(camera: String) { self.camera = camera }
    }

    public enum Failure: String, Sendable, CaseIterable {
        /// A status event says so.
        case report
        /// Nothing passes until somebody acknowledges it, too.
        case halt
    }

    public var cameras: [Camera] = []
    /// nil: at the start and when told to only.
    public var everySeconds: Double?
    public var onFailure = Failure.report

    public init() {}

    /// Gives every path another form.
    mutating func resolve(_ path: (String) -> String) {
        for index in cameras.indices {
            cameras[index].good = cameras[index].good.map(path)
            cameras[index].defective = cameras[index].defective.map(path)
        }
    }
}
