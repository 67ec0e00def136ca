/// What inspection found in one frame; the part of an event that does not depend on transport.
public struct FrameResult: Sendable, Equatable {
    public var verdict: Verdict
    /// Set exactly when the verdict is `uninspected`.
    public var reason: UninspectedReason?
    /// In the order of the region file; empty where the frame is uninspected.
    public var regions: [RegionResult]
    /// More of the reason, for people.
    public var detail: String?
    /// Nanoseconds spent encoding, prompting (both decoders) and measuring.
    public var encodeNs: Int64 = 0
    public var promptNs: Int64 = 0
    public var measureNs: Int64 = 0

    public init(
        verdict: Verdict, reason: UninspectedReason? = nil, regions: [RegionResult] = [], detail: String? = nil
    ) {
        self.verdict = verdict
        self.reason = reason
        self.regions = regions
        self.detail = detail
    }
}
