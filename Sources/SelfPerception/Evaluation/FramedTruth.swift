import Imaging
import SegmentAnything

/// A truth mask stretched to the model's frame (the picture's part of the input), where the paper takes its prompts from.
struct FramedTruth {
    private let box: Prompt.Box
    private let frame: PixelSize
    private let scaleX: Float
    private let scaleY: Float
    /// Row-major indices into the frame.
    private let foreground: [Int32]

    /// Of a mask so small that no pixel is above the level after the stretch, the pixels that it lies in are taken: a defect that the
    /// model can hardly see counts, too. nil: the truth marks nothing.
    init?(_ truth: SampleTruth, frame: PixelSize) {
        var foreground: [Int32] = []
        let map = LogitMap(size: truth.size, values: truth.gray.map { Float($0) - Float(SampleTruth.level) })
        map.forEachRow(at: frame) { y, row in
            for x in 0..<row.count where row[x] > 0 { foreground.append(Int32(y * frame.width + x)) }
        }
        if foreground.isEmpty { foreground = Self.pixels(under: truth, frame: frame) }
        guard !foreground.isEmpty else { return nil }
        var left = Int.max, right = -1, top = Int.max, bottom = -1
        for index in foreground {
            let (y, x) = Int(index).quotientAndRemainder(dividingBy: frame.width)
            (left, right, top, bottom) = (min(left, x), max(right, x), min(top, y), max(bottom, y))
        }
        box = Prompt.Box(left: Float(left), top: Float(top), right: Float(right), bottom: Float(bottom))
        self.foreground = foreground
        self.frame = frame
        scaleX = Float(frame.width) / Float(truth.size.width)
        scaleY = Float(frame.height) / Float(truth.size.height)
    }

    /// The pixels of the frame that hold the centre of a marked pixel, in order.
    private static func pixels(under truth: SampleTruth, frame: PixelSize) -> [Int32] {
        var found: Set<Int32> = []
        for (index, gray) in truth.gray.enumerated() where gray > SampleTruth.level {
            let (y, x) = index.quotientAndRemainder(dividingBy: truth.size.width)
            let row = (2 * y + 1) * frame.height / (2 * truth.size.height), column = (2 * x + 1) * frame.width / (2 * truth.size.width)
            found.insert(Int32(row * frame.width + column))
        }
        return found.sorted()
    }

    /// The prompts in pixels of the picture.
    ///
    /// - Parameter generator: draws the points.
    func prompts(_ kinds: [EvaluationPrompt], using generator: inout SeededGenerator) -> [Prompt] {
        let points = (0..<EvaluationPrompt.mostPoints).map { _ in
            let index = foreground[generator.below(foreground.count)]
            return Prompt.Point(x: Float(index % Int32(frame.width)), y: Float(index / Int32(frame.width)))
        }
        return kinds.map { kind in
            let prompt = if let looseness = kind.looseness {
                Prompt(box: box.grown(by: looseness, within: frame))
            } else if kind.points > 0 {
                Prompt(points: Array(points.prefix(kind.points)))
            } else {
                Prompt(box: .init(left: 0, top: 0, right: Float(frame.width), bottom: Float(frame.height)))
            }
            return prompt.scaled(x: 1 / scaleX, y: 1 / scaleY)
        }
    }
}

extension Prompt.Box {
    /// The box with its sides so much longer about the same centre, cut at the frame.
    func grown(by share: Float, within frame: PixelSize) -> Self {
        let dx = (right - left) * share / 2, dy = (bottom - top) * share / 2
        return Self(
            left: max(0, left - dx), top: max(0, top - dy), right: min(Float(frame.width), right + dx),
            bottom: min(Float(frame.height), bottom + dy))
    }
}

extension Prompt {
    /// The whole of a picture as a box.
    static func whole(_ size: PixelSize) -> Prompt {
        Prompt(box: .init(left: 0, top: 0, right: Float(size.width), bottom: Float(size.height)))
    }
}
