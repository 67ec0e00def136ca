#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Everything that decides the outcome of a tuning run besides its pictures: the same settings and the same pictures give the
/// same weights, bit for bit, on the same processor.
public struct TuningSettings: Sendable, Codable, Equatable {
    public var target = TuningTarget()
    public var epochs = 16
    /// Of Adam; the SPT paper's.
    public var learningRate: Float = 1e-3
    /// What the rate is multiplied by for the image encoder.
    public var encoderRate: Float = 1
    /// Over so many steps of the optimiser the rate rises to its full height: Adam's first steps are as long as its later ones,
    /// but their direction rests on one picture.
    public var warmupSteps = 0
    public var schedule = Schedule.step
    /// After this many epochs the rate is multiplied by ``decayFactor``; of the schedule ``Schedule/step``.
    public var decayAfter = 10
    public var decayFactor: Float = 0.1
    /// The share of an average over all steps' weights that a step leaves in place (0.999: some thousand steps count); the
    /// average is what is measured and written. 0: the weights themselves are.
    public var averaging: Float = 0
    public var weightDecay: Float = 0
    /// Pictures whose gradients are averaged for one step of the optimiser.
    public var batch = 1
    public var seed: UInt64 = 1
    public var sampling = PointSampling()
    /// How much the draft's loss counts beside the refined mask's; the paper's is 1. With 0 the first pass is left as it is, and
    /// what the two share is tuned for the second alone.
    public var draftWeight: Float = 1
    /// In what share of the steps the second pass does without the draft. On the pictures that a model is tuned on the draft is
    /// better than on others, and the second pass learns to repeat it; where it is missing now and then, the second pass has to
    /// find the defect itself, and what it then adds to a draft is a second opinion. The paper has no such part.
    public var hiddenDraftShare = 0.0
    /// How much it counts that a region's score is what a perfect mask's would be, beside each mask's loss. The paper has no
    /// such part; a line judges by the score, and 0.3 makes good parts and bad ones differ by it.
    public var scoreWeight: Float = 0
    /// How much it counts what share of the whole refined mask and its truth is common to both, beside each mask's loss at sampled
    /// points. The paper has no such part.
    public var overlapWeight: Float = 0
    public var augmentation = AugmentationSettings()
    public var prompts = PromptSettings()
    /// Of the pictures of an epoch, how many are of good parts and ask for an empty mask. The paper has none; a line needs them.
    public var goodShare = 0.25
    /// Of the pictures of an epoch, how many are of good parts with defects painted on.
    public var paintedShare = 0.0
    /// Of the pictures of an epoch, how many are of good parts with the defect of a defective one put on (``TransplantedDefects``).
    public var transplantedShare = 0.0
    /// Of each kind of picture, how many are kept aside to choose the best epoch by.
    public var validationShare = 0.2
    /// How many different augmentations of a picture there are where the encoder is not tuned, so that embeddings can be kept
    /// instead of computed; 0: a new one each time. Where the encoder is tuned, every augmentation is new.
    public var views = 4

    public init() {}

    /// How the learning rate falls over the epochs.
    public enum Schedule: String, Sendable, Codable, CaseIterable {
        /// Once, as published.
        case step
        /// Along half a cosine, to nothing at the end (Loshchilov and Hutter, "SGDR", 2017, without restarts).
        case cosine
    }

    /// - Throws: ``TuningError`` naming the setting and what would be right.
    public func validate() throws(TuningError) {
        func require(_ condition: Bool, _ problem: String) throws(TuningError) { if !condition { throw TuningError(description: problem) } }
        try require((1...100_000).contains(epochs), "epochs must be from 1 to 100000, not \(epochs)")
        try require(learningRate > 0 && learningRate <= 1, "the learning rate must be above 0 and at most 1, not \(learningRate)")
        try require(encoderRate >= 0 && encoderRate <= 100, "the encoder's share of the learning rate must be from 0 to 100, not \(encoderRate)")
        try require((0...1_000_000).contains(warmupSteps), "the warm-up must be from 0 to 1000000 steps, not \(warmupSteps)")
        try require(averaging >= 0 && averaging < 1, "the averaging must be from 0 to below 1, not \(averaging)")
        try require(scoreWeight >= 0 && scoreWeight <= 100, "the score's weight must be from 0 to 100, not \(scoreWeight)")
        try require(draftWeight >= 0 && draftWeight <= 100, "the draft's weight must be from 0 to 100, not \(draftWeight)")
        try require((0...1).contains(hiddenDraftShare), "the share of hidden drafts must be from 0 to 1, not \(hiddenDraftShare)")
        try require(overlapWeight >= 0 && overlapWeight <= 100, "the overlap's weight must be from 0 to 100, not \(overlapWeight)")
        try require(decayAfter >= 0, "decay-after must be 0 or more epochs, not \(decayAfter)")
        try require(decayFactor > 0 && decayFactor <= 1, "the decay factor must be above 0 and at most 1, not \(decayFactor)")
        try require(weightDecay >= 0 && weightDecay < 1, "the weight decay must be from 0 to below 1, not \(weightDecay)")
        try require((1...1024).contains(batch), "the batch must be from 1 to 1024 pictures, not \(batch)")
        try require((1...1 << 20).contains(sampling.points), "the loss takes 1 to 1048576 points, not \(sampling.points)")
        try require((1...100).contains(sampling.oversample), "the loss draws 1 to 100 times as many points as it takes, not \(sampling.oversample)")
        try require((0...1).contains(sampling.uncertainShare), "the share of uncertain points is from 0 to 1, not \(sampling.uncertainShare)")
        let shares = [goodShare, paintedShare, transplantedShare]
        try require(shares.allSatisfy((0...1).contains) && shares.reduce(0, +) <= 1, "the shares of good, of painted and of transplanted pictures are from 0 to 1, and at most 1 together, not \(goodShare), \(paintedShare) and \(transplantedShare)")
        try require((0...0.9).contains(validationShare), "the validation share must be from 0 to 0.9, not \(validationShare)")
        try require((0...1024).contains(views), "views must be from 0 to 1024, not \(views)")
        try require((1...256).contains(target.rank), "the LoRA rank must be from 1 to 256, not \(target.rank)")
        if let alpha = target.alpha { try require(alpha >= 0 && alpha.isFinite, "alpha must be 0 or a positive number, not \(alpha)") }
        if let problem = augmentation.problem { throw TuningError(description: "augmentation: \(problem)") }
        if let problem = prompts.problem { throw TuningError(description: "prompts: \(problem)") }
        try require(target.adapterScale.isFinite, "the adapter's first scale must be a number, not \(target.adapterScale)")
    }

    /// The learning rate of an epoch, counted from 0, once it has risen.
    func rate(epoch: Int) -> Float {
        switch schedule {
        case .step: epoch < decayAfter ? learningRate : learningRate * decayFactor
        case .cosine: learningRate * Float(0.5 + 0.5 * cos(.pi * Double(epoch) / Double(epochs)))
        }
    }

    /// The learning rate of the next step of the optimiser, after `steps` of them.
    func rate(epoch: Int, steps: Int) -> Float {
        steps < warmupSteps ? rate(epoch: epoch) * Float(steps + 1) / Float(warmupSteps) : rate(epoch: epoch)
    }
}

/// What stops a tuning run; names the file or setting and says what would be right.
public struct TuningError: Error, CustomStringConvertible {
    public let description: String
    /// Something asked for that cannot be; else something that went wrong on the way.
    public let isInvalidInput: Bool

    public init(description: String, isInvalidInput: Bool = true) {
        self.description = description
        self.isInvalidInput = isInvalidInput
    }
}
