import Imaging
import SegmentAnything

/// Draws prompts from the truth, in the model's frame as the published evaluation does (``PublishedEvaluation``): a box is the
/// first and last column and row of the truth, a point one of its pixels.
public struct PromptDrawer: Sendable {
    public let settings: PromptSettings
    private let seed: UInt64

    public init(settings: PromptSettings = .init(), seed: UInt64) {
        self.settings = settings
        self.seed = seed
    }

    /// - Parameters:
    ///   - truth: of the input's size, as ``Augmenter`` frames it; without a pixel for a good part.
    ///   - placement: where the picture lies in the input.
    ///   - step: what is drawn depends on the seed, this number and the truth alone.
    public func callAsFunction(_ truth: BinaryMask, _ placement: Placement, step: Int) -> DrawnPrompt {
        precondition(truth.width == placement.side && truth.height == placement.side)
        var random = SeededGenerator(seed: seed, step: step, for: .prompt)
        let whole = placement.whole
        guard let outline = TruthOutline(truth) else {
            let box = emptyPart(placement, using: &random)
            return DrawnPrompt(prompt: Prompt(box: box), asksForNothing: true, region: box)
        }
        if random.chance(settings.emptyBoxes), let box = boxWithout(truth, within: whole, using: &random) {
            return DrawnPrompt(prompt: Prompt(box: box), asksForNothing: true, region: box)
        }
        var prompt = Prompt()
        switch Self.choice([settings.box, settings.points, settings.mixed, settings.whole], using: &random) {
        case 0: prompt.box = around(outline.box, within: whole, using: &random)
        case 1: prompt.points = points(outline, using: &random)
        case 2:
            prompt.box = around(outline.box, within: whole, using: &random)
            prompt.points = points(outline, using: &random)
        default: prompt.box = whole
        }
        return DrawnPrompt(prompt: prompt, asksForNothing: false, region: prompt.box ?? whole)
    }

    /// The index of a weight, as likely as its share of their sum.
    private static func choice(_ weights: [Double], using random: inout SeededGenerator) -> Int {
        var left = random.between(0...weights.reduce(0, +))
        for (index, weight) in weights.enumerated() where weight > 0 {
            if left < weight { return index }
            left -= weight
        }
        return weights.lastIndex { $0 > 0 } ?? 0
    }

    private func points(_ outline: TruthOutline, using random: inout SeededGenerator) -> [Prompt.Point] {
        (0..<random.whole(settings.pointCount)).map { _ in
            let pixel = outline.pixels[random.below(outline.pixels.count)]
            return Prompt.Point(x: Float(pixel % Int32(outline.width)), y: Float(pixel / Int32(outline.width)))
        }
    }

    /// A box loosened and jittered, or as it is; it stays inside the picture, and its corners keep their order.
    private func around(_ box: Prompt.Box, within whole: Prompt.Box, using random: inout SeededGenerator) -> Prompt.Box {
        if settings.tightBoxes > 0, random.chance(settings.tightBoxes) { return box }
        let width = Double(box.right - box.left), height = Double(box.bottom - box.top)
        let loose = random.between(settings.looseness) / 2
        func moved(_ value: Float, by side: Double, outwards sign: Double, from low: Float, to high: Float) -> Float {
            let reach = min(settings.boxJitter * side, settings.mostJitter)
            let place = Double(value) + sign * loose * side + random.between(-reach...reach)
            return min(max(Float(place), min(low, value)), max(high, value))
        }
        let left = moved(box.left, by: width, outwards: -1, from: whole.left, to: whole.right)
        let top = moved(box.top, by: height, outwards: -1, from: whole.top, to: whole.bottom)
        let right = moved(box.right, by: width, outwards: 1, from: whole.left, to: whole.right)
        let bottom = moved(box.bottom, by: height, outwards: 1, from: whole.top, to: whole.bottom)
        return Prompt.Box(left: min(left, right), top: min(top, bottom), right: max(left, right), bottom: max(top, bottom))
    }

    private func emptyPart(_ placement: Placement, using random: inout SeededGenerator) -> Prompt.Box {
        let whole = placement.whole
        switch Self.choice([settings.goodBox, settings.goodWhole, settings.goodRegion], using: &random) {
        case 0: return randomBox(within: whole, using: &random)
        case 1: return whole
        default:
            guard !settings.regions.isEmpty else { return whole }
            let region = settings.regions[random.below(settings.regions.count)]
            let width = Double(placement.picture.width), height = Double(placement.picture.height)
            // A region that the crop left out is not asked about.
            return placement.box(
                left: region.left * width, top: region.top * height, right: region.right * width, bottom: region.bottom * height) ?? whole
        }
    }

    private func randomBox(within whole: Prompt.Box, using random: inout SeededGenerator) -> Prompt.Box {
        let width = Double(whole.right - whole.left), height = Double(whole.bottom - whole.top)
        let across = width * random.between(settings.randomSide), down = height * random.between(settings.randomSide)
        let left = Double(whole.left) + random.between(0...1) * (width - across), top = Double(whole.top) + random.between(0...1) * (height - down)
        return Prompt.Box(left: Float(left), top: Float(top), right: Float(left + across), bottom: Float(top + down))
    }

    /// A random box that holds none of the truth; nil where a few tries found none.
    private func boxWithout(_ truth: BinaryMask, within whole: Prompt.Box, using random: inout SeededGenerator) -> Prompt.Box? {
        for _ in 0..<16 {
            let box = randomBox(within: whole, using: &random)
            let columns = min(truth.width - 1, Int(box.left))...min(truth.width - 1, Int(box.right)), rows = min(truth.height - 1, Int(box.top))...min(truth.height - 1, Int(box.bottom))
            if !rows.contains(where: { y in columns.contains { truth[$0, y] } }) { return box }
        }
        return nil
    }
}

/// A truth's box and pixels; nil for a truth without any.
struct TruthOutline {
    /// From the first to the last column and row.
    let box: Prompt.Box
    /// Row-major places.
    let pixels: [Int32]
    let width: Int

    init?(_ truth: BinaryMask) {
        var pixels: [Int32] = []
        var left = Int.max, right = 0
        for y in 0..<truth.height {
            for x in 0..<truth.width where truth.pixels[y * truth.width + x] != 0 {
                pixels.append(Int32(y * truth.width + x))
                left = min(left, x)
                right = max(right, x)
            }
        }
        guard let first = pixels.first, let last = pixels.last else { return nil }
        width = truth.width
        box = Prompt.Box(
            left: Float(left), top: Float(Int(first) / width), right: Float(right), bottom: Float(Int(last) / width))
        self.pixels = pixels
    }
}
