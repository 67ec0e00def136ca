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
    /// The shapes outside which nothing needs to be encoded; nil: all of `rect` is.
    private(set) var needed: [ShapeSpans]?
    var batches: [Batch] = []

    /// Groups by displayed rectangle, in the order of the file; crops of the same rectangle share it too.
    static func groups(of regions: [PlannedRegion], encode: RegionDefinition.Encode) -> [DisplayGroup] {
        var groups: [DisplayGroup] = [], indices: [PixelRect: Int] = [:]
        for (index, region) in regions.enumerated() {
            let at = indices[region.displayed] ?? groups.count
            if at == groups.count {
                indices[region.displayed] = at
                groups.append(DisplayGroup(rect: region.displayed, needed: encode == .region ? [] : nil))
            }
            if region.view == .frame { groups[at].needed?.append(region.spans) } else { groups[at].needed = nil }
            groups[at].add(region.prompts, of: index)
        }
        return groups
    }

    /// Whether anything of a rectangle, in pixels of `rect`, is asked about.
    func isNeeded(_ part: PixelRect) -> Bool {
        let part = PixelRect(x: part.x + rect.x, y: part.y + rect.y, width: part.width, height: part.height)
        return needed?.contains { $0.meets(part) } ?? true
    }

    private mutating func add(_ prompts: [Prompt], of region: Int) {
        if batches.last.map({ $0.prompts.count + prompts.count > Self.maxPrompts }) ?? true { batches.append(Batch()) }
        let last = batches.count - 1
        let start = batches[last].prompts.count
        batches[last].prompts += prompts
        batches[last].members.append((region, start..<(start + prompts.count)))
    }
}
