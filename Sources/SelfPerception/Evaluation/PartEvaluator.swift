import Imaging
import SegmentAnything

/// Measures parts one after another: reads a picture, asks a model about it and compares with the truth. One per thread.
///
/// Prompts are made from the truth in the model's own frame, masks compared at the picture's size, as the SPT paper does. Good
/// parts, which the paper drops, are scored with the whole picture as the box, as the defective ones are.
final class PartEvaluator {
    private let session: SPTSession
    private let prompts: [EvaluationPrompt]
    private let seed: UInt64
    private let reader = SampleReader()
    private let image = RGBImage()
    /// By category.
    private(set) var pixels: [String: PixelScores] = [:]

    /// - Parameter prompts: what defective parts are asked with; none: every part is scored only, and its pixels are not counted.
    init(session: SPTSession, prompts: [EvaluationPrompt], seed: UInt64) {
        self.session = session
        self.prompts = prompts
        self.seed = seed
    }

    /// - Parameter index: picks the part's random points, whatever was measured before it.
    /// - Throws: ``DatasetError`` naming the file that cannot be used, or the picture that the model has no finite answer to.
    func evaluate(_ sample: DefectSample, index: Int) throws(DatasetError) -> EvaluatedPart {
        let truth = try reader.readTruth(sample, into: image)
        session.display(image, rect: PixelRect(image.size))
        let whole = session.ask([.whole(image.size)])[0]
        guard whole.draft.isFinite, whole.refined.isFinite else {
            throw DatasetError(description: "\(sample.imagePath): the model's logits are not finite")
        }
        let score = PeakScore.of(whole.refined, over: image.size)
        var quality: [EvaluationPrompt: MaskQuality]?
        if !prompts.isEmpty {
            let mask = truth?.mask
            pixels[sample.category, default: PixelScores()].add(whole.refined, size: image.size, truth: mask)
            if let truth, let mask { quality = try self.quality(sample, truth, mask, whole: whole, index: index) }
        }
        return EvaluatedPart(name: sample.name, category: sample.category, defect: sample.defect, score: score, quality: quality)
    }

    private func quality(
        _ sample: DefectSample, _ truth: SampleTruth, _ mask: BinaryMask, whole: Perception, index: Int
    ) throws(DatasetError) -> [EvaluationPrompt: MaskQuality] {
        let boundary = MaskMetrics.boundary(mask)
        var quality: [EvaluationPrompt: MaskQuality] = [:]
        if prompts.contains(.whole) { quality[.whole] = MaskQuality(whole, truth: mask, boundary: boundary) }
        let kinds = prompts.filter { $0 != .whole }
        for (kind, prompt) in zip(kinds, try Self.prompts(kinds, sample, truth, index: index, seed: seed, model: session.model)) {
            quality[kind] = MaskQuality(session.ask([prompt])[0], truth: mask, boundary: boundary)
        }
        return quality
    }

    /// A part's prompts, in pixels of its picture.
    static func prompts(
        _ kinds: [EvaluationPrompt], _ sample: DefectSample, _ truth: SampleTruth, index: Int, seed: UInt64, model: SPTModel
    ) throws(DatasetError) -> [Prompt] {
        guard let framed = FramedTruth(truth, frame: model.configuration.layout.content(of: truth.size)) else {
            throw SampleReader.marksNothing(sample)
        }
        var generator = SeededGenerator(seed: seed, stream: UInt64(index))
        return framed.prompts(kinds, using: &generator)
    }
}
