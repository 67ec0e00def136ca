import Imaging
import SegmentAnything

/// The second question of `prompt: auto`: a tight box around each component of the draft.
///
/// The answers are added to the first one (the highest logit of each cell), so a second look can find more and never
/// takes back what the first one saw. Beyond `maxBoxes` components only the largest are asked about again; the first
/// answer speaks for the others.
enum AutoPrompts {
    static let maxBoxes = 16

    /// - Parameter components: of the draft's mask over the region's bounds.
    static func prompts(for components: [Component], in region: PlannedRegion) -> [Prompt] {
        let offset = (x: region.spans.bounds.x - region.displayed.x, y: region.spans.bounds.y - region.displayed.y)
        return components.largest(maxBoxes).map { component in
            let box = component.bounds
            return Prompt(box: .init(
                left: Float(box.x + offset.x), top: Float(box.y + offset.y),
                right: Float(box.maxX + offset.x), bottom: Float(box.maxY + offset.y)))
        }
    }
}

extension [Component] {
    /// The largest first; of the same area, the one that comes first row by row.
    func largest(_ count: Int) -> ArraySlice<Component> {
        sorted { ($1.area, $0.label) < ($0.area, $1.label) }.prefix(count)
    }
}
