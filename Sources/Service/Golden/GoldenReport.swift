import SelfPerception

/// What one inspection of the golden samples came to.
public struct GoldenReport: Sendable, Equatable {
    public struct Wrong: Sendable, Equatable {
        public var camera: String
        public var file: String
        /// What was wrong, for people.
        public var problem: String
    }

    public var good = 0
    public var defective = 0
    public var wrong: [Wrong] = []
    public var seconds = 0.0

    public var isRight: Bool { wrong.isEmpty }

    /// In a line; of many wrong ones the first few.
    public var summary: String {
        let all = "\(good) good and \(defective) defective golden samples"
        guard !wrong.isEmpty else { return "\(all) judged rightly, \(fixed(seconds, 1)) s" }
        let named = wrong.prefix(5).map { "\($0.camera): \($0.file) \($0.problem)" }.joined(separator: "; ")
        return "\(wrong.count) of \(all) judged wrongly: \(named)" + (wrong.count > 5 ? "; and \(wrong.count - 5) more" : "")
    }
}
