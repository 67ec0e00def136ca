/// What a region tolerates, as the file gives it. An absent limit is not applied.
struct Limits: Equatable, Sendable {
    static let defaultFailScore = 0.6
    static let defaultReviewScore = 0.4

    var failScore = Limits.defaultFailScore
    var reviewScore = Limits.defaultReviewScore
    var maxDefects = 0
    var minArea: Area?
    var maxArea: Area?
    var minAgreement: Double?

    /// An area in pixels of the reference size, or in mm².
    enum Area: Equatable, Sendable {
        case px(Double)
        case mm2(Double)

        var text: String {
            switch self {
            case .px(let value): "\(value.short) px"
            case .mm2(let value): "\(value.short) mm²"
            }
        }

        /// In pixels of the reference size, of which one mm has `pixelsPerMm`.
        func pixels(pixelsPerMm: Double?) -> Double? {
            switch self {
            case .px(let value): value
            case .mm2(let value): pixelsPerMm.map { value * $0 * $0 }
            }
        }
    }
}
