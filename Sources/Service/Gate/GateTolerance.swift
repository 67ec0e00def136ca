/// How much may change before a gate stays shut.
public struct GateTolerance: Sendable, Equatable {
    public enum Changed: Sendable, Equatable {
        case frames(Int)
        /// 0 … 1 of the frames that were compared.
        case share(Double)
    }

    /// Frames whose verdict may be another.
    public var changed = Changed.frames(0)
    /// The largest |score difference| of a region; nil: any.
    public var drift: Double?
    /// The least IoU of a frame's defect masks, then and now; nil: any.
    public var iou: Double?

    public init() {}

    /// Whether a frame's scores and masks are beyond what is tolerated.
    func isExceeded(by comparison: FrameComparison) -> Bool {
        if let drift, let largest = comparison.largestDrift, largest > drift { return true }
        if let iou, let found = comparison.iou, found < iou { return true }
        return false
    }

    func allows(changed count: Int, of compared: Int) -> Bool {
        switch changed {
        case .frames(let most): count <= most
        // 29% of 100 frames are 29, whatever 0.29 is in binary.
        case .share(let most): Double(count) <= most * Double(compared) + 1e-9
        }
    }
}
