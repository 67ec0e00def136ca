import Inspection

/// Frames by what became of them, as JSON.
public struct HealthFrames: Sendable, Codable, Equatable {
    public var received: UInt64
    public var pass: UInt64
    public var review: UInt64
    public var fail: UInt64
    /// By reason; each is there, also with 0.
    public var uninspected: [String: UInt64]
    public var inFlight: UInt64
    public var missing: UInt64
    public var late: UInt64
    public var duplicates: UInt64
    public var restarts: UInt64

    enum CodingKeys: String, CodingKey {
        case received, pass, review, fail, uninspected, missing, late, duplicates, restarts
        case inFlight = "in_flight"
    }

    init(_ counts: FrameCounts) {
        received = counts.received
        pass = counts.pass
        review = counts.review
        fail = counts.fail
        uninspected = Dictionary(uniqueKeysWithValues: UninspectedReason.allCases.map { ($0.rawValue, counts.uninspected[$0] ?? 0) })
        inFlight = counts.inFlight
        missing = counts.missing
        late = counts.late
        duplicates = counts.duplicates
        restarts = counts.restarts
    }

    public subscript(verdict: Verdict) -> UInt64 {
        switch verdict {
        case .pass: pass
        case .review: review
        case .fail: fail
        case .uninspected: uninspected.values.reduce(0, +)
        }
    }
}

/// One camera of a health report.
public struct HealthCamera: Sendable, Codable, Equatable {
    public var camera: String
    public var frames: HealthFrames
    public var framesPerSecond: Double
    public var queue: Int
    public var lastFrameAgeSeconds: Double
    public var modelSeconds: Double

    enum CodingKeys: String, CodingKey {
        case camera, frames, queue
        case framesPerSecond = "frames_per_second"
        case lastFrameAgeSeconds = "last_frame_age_seconds"
        case modelSeconds = "model_seconds"
    }
}
