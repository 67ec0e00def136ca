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

    /// nil when no pixel is above the level after the stretch: a mask so small that it vanishes.
    init?(_ truth: SampleTruth, frame: PixelSize) {
        var foreground: [Int32] = []
        let map = LogitMap(size: truth.size, values: truth.gray.map { Float($0) - Float(SampleTruth.level) })
        var left = Int.max, right = -1, top = Int.max, bottom = -1
        map.forEachRow(at: frame) { y, row in
            for x in 0..<row.count where row[x] > 0 {
                foreground.append(Int32(y * frame.width + x))
                (left, right, top, bottom) = (min(left, x), max(right, x), min(top, y), max(bottom, y))
            }
        }
        guard !foreground.isEmpty else { return nil }
        box = Prompt.Box(left: Float(left), top: Float(top), right: Float(right), bottom: Float(bottom))
        self.foreground = foreground
        self.frame = frame
        scaleX = Float(frame.width) / Float(truth.size.width)
        scaleY = Float(frame.height) / Float(truth.size.height)
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
