import Imaging
import SegmentAnything

/// Regions that share one encoding: everything that is asked while one rectangle is on display.
struct DisplayGroup: Sendable {
    /// Prompts that are asked in one call, and whose they are.
    struct Batch: Sendable {
        var prompts: [Prompt] = []
        /// Region indices, each with its part of `prompts`.
        var members: [(region: Int, prompts: Range<Int>)] = []
    }

    /// Bounds what the model keeps of one call. No region has more prompts, so none is ever split.
    static let maxPrompts = 64

    let rect: PixelRect
    var batches: [Batch] = []

    /// Groups by displayed rectangle, in the order of the file; crops of the same rectangle share it too.
    static func groups(of regions: [PlannedRegion]) -> [DisplayGroup] {
        var groups: [DisplayGroup] = [], indices: [PixelRect: Int] = [:]
        for (index, region) in regions.enumerated() {
            let at = indices[region.displayed] ?? groups.count
            if at == groups.count {
                indices[region.displayed] = at
                groups.append(DisplayGroup(rect: region.displayed))
            }
            groups[at].add(region.prompts, of: index)
        }
        return groups
    }

    private mutating func add(_ prompts: [Prompt], of region: Int) {
        if batches.last.map({ $0.prompts.count + prompts.count > Self.maxPrompts }) ?? true { batches.append(Batch()) }
        let last = batches.count - 1
        let start = batches[last].prompts.count
        batches[last].prompts += prompts
        batches[last].members.append((region, start..<(start + prompts.count)))
    }
}
