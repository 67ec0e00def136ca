/// What inspection found in one frame; the part of an event that does not depend on transport.
public struct FrameResult: Sendable, Equatable {
    public var verdict: Verdict
    /// Set exactly when the verdict is `uninspected`.
    public var reason: UninspectedReason?
    /// In the order of the region file; empty where the frame is uninspected.
    public var regions: [RegionResult]
    /// More of the reason, for people.
    public var detail: String?
    /// The model's own estimate of its refined mask's IoU, by region name, where the region was asked about with one
    /// prompt. It decides nothing and is no part of an event.
    public var predictedIoU: [String: Double] = [:]
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
