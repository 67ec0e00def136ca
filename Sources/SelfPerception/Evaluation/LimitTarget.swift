/// What a limit is chosen for.
public enum LimitTarget: Sendable, Equatable {
    /// Escape and overkill rate as close as they get.
    case balanced
    /// As little overkill as an escape rate leaves.
    case escapes(Double)
    /// As few escapes as an overkill rate leaves.
    case overkill(Double)

    /// nil without parts of a kind.
    func limit(on ranking: Ranking) -> Double? {
        guard !ranking.defective.isEmpty, !ranking.good.isEmpty else { return nil }
        return switch self {
        case .balanced: ranking.balanced?.limit
        case .escapes(let rate): ranking.errors(atEscapeRate: rate).limit
        case .overkill(let rate): ranking.errors(atOverkillRate: rate).limit
        }
    }

    public var text: String {
        switch self {
        case .balanced: "both rates alike"
        case .escapes(let rate): "escapes ≤ \(rate.percent)"
        case .overkill(let rate): "overkill ≤ \(rate.percent)"
        }
    }
}
