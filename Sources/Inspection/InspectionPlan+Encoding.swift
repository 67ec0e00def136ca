import Imaging
import SelfPerception

extension InspectionPlan {
    /// How much of the frame a model encodes for the `view: frame` regions under `encode: region`; nil where the plan does
    /// not ask for that.
    public struct Encoding: Sendable {
        /// Windows that are encoded, and how many the model's input has.
        public var windows: Int
        public var allWindows: Int
        /// Of all tokens.
        public var share: Double
    }

    public func encoding(by model: SPTModel) -> Encoding? {
        guard let group = groups.first(where: { $0.needed != nil }) else { return nil }
        guard let tokens = model.tokens(of: group.rect.size, where: group.isNeeded) else {
            let all = model.windows
            return Encoding(windows: all, allWindows: all, share: 1)
        }
        return Encoding(windows: tokens.windows, allWindows: tokens.allWindows, share: tokens.share)
    }
}
