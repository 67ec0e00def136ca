import Foundation

/// How much may change before a gate stays shut.
public struct GateTolerance: Sendable, Equatable {
    public enum Most: Sendable, Equatable {
        case frames(Int)
        /// 0 … 1 of those that they are of.
        case share(Double)
    }

    /// Frames, of those compared, whose verdict may be another.
    public var changed = Most.frames(0)
    /// Frames, of all that were inspected, that may be without a recorded verdict: what is not compared proves nothing.
    public var withoutVerdict = Most.share(0.5)
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

}

extension GateTolerance.Most: CustomStringConvertible {
    public var description: String {
        switch self {
        case .frames(let count): "\(count)"
        case .share(let share): String(format: "%.8g%%", share * 100)
        }
    }

    func allows(_ count: Int, of all: Int) -> Bool {
        switch self {
        case .frames(let most): count <= most
        // 29% of 100 frames are 29, whatever 0.29 is in binary.
        case .share(let most): Double(count) <= most * Double(all) + 1e-9
        }
    }
}
