/// What is said of a frame, and of each region in it.
public enum Verdict: String, Sendable, Codable, CaseIterable {
    case pass, review, fail, uninspected

    /// From best to worst; a frame is as bad as its worst region.
    var severity: Int {
        switch self {
        case .pass: 0
        case .review: 1
        case .fail: 2
        case .uninspected: 3
        }
    }

    /// The worst of some verdicts; of none, `uninspected`.
    static func worst(of verdicts: [Verdict]) -> Verdict {
        verdicts.max { $0.severity < $1.severity } ?? .uninspected
    }
}

/// Why a frame was not inspected.
public enum UninspectedReason: String, Sendable, Codable, CaseIterable {
    case overload, deadline, shutdown
    case decodeError = "decode_error", noRegion = "no_region", modelError = "model_error"
}
