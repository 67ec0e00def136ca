import ArgumentParser
import Foundation
import SelfPerception

extension TuningMethod: ExpressibleByArgument {}
extension TuningSettings.Schedule: ExpressibleByArgument {}

/// The recipe of `flawd tune`: the SPT paper's, or a file's, with what is said here changed.
struct TuningOptions: ParsableArguments {
    enum Augmentation: String, ExpressibleByArgument, CaseIterable { case published, thorough, none }
    enum Prompts: String, ExpressibleByArgument, CaseIterable { case published, line }

    @Option(help: ArgumentHelp("Recipe to begin with, as --print-recipe gives it (JSON).", valueName: "file"))
    var recipe: String?

    @Option(help: "What is tuned. spt (unless said): LoRA and VRA-Adapters; lora: LoRA alone; decoder: all of the decoders; refine: the second pass; full: everything.")
    var method: TuningMethod?

    @Option(help: "Epochs; 16.")
    var epochs: Int?

    @Option(help: "Learning rate; 0.001 for spt and lora, 0.00003 for the others.")
    var learningRate: Float?

    @Option(help: "What the learning rate is multiplied by for the image encoder; 1.")
    var encoderRate: Float?

    @Option(help: "Steps over which the learning rate rises; 0.")
    var warmup: Int?

    @Option(help: "How the learning rate falls. step (unless said): once; cosine: to nothing at the end.")
    var schedule: TuningSettings.Schedule?

    @Option(help: "Epochs before the learning rate is multiplied by --decay-factor; 10.")
    var decayAfter: Int?

    @Option(help: "See --decay-after; 0.1.")
    var decayFactor: Float?

    @Option(help: "Share of a running average of the weights that each step keeps, such as 0.999; the average is what is written. 0: none.")
    var averaging: Float?

    @Option(help: "Weight decay of AdamW; 0.")
    var weightDecay: Float?

    @Option(help: "Pictures a step averages over; 1.")
    var batch: Int?

    @Option(help: "Seed of everything random; 1.")
    var seed: UInt64?

    @Option(help: "Rank of LoRA's updates; 8.")
    var rank: Int?

    @Option(help: "Blocks with a VRA-Adapter: -1 both, 1 or 2; -1.")
    var vraPosition: Int?

    @Option(help: "What a new VRA-Adapter's scale starts from; 0.")
    var vraInit: Float?

    @Option(help: "Threshold of the visual relation; the model's own.")
    var alpha: Float?

    @Flag(inversion: .prefixedNo, help: "Let the refined mask's loss reach the draft; not unless said.")
    var attachedDraft: Bool?

    @Option(help: "published: large-scale jitter 0.1 to 2 and a flip; thorough: also turns, light, noise and blur; none.")
    var augment: Augmentation?

    @Option(help: "published: tight boxes and points; line: also loose and jittered boxes, whole pictures and boxes without a defect.")
    var prompts: Prompts?

    @Option(help: "How much the region's score counts beside the masks' losses; 0, as published. 0.3 tells good parts from bad ones better.")
    var scoreWeight: Float?

    @Option(help: "How much the draft's loss counts beside the refined mask's; 1, as published. 0 leaves the first pass as it is.")
    var draftWeight: Float?

    @Option(help: "Share of steps in which the second pass does without the draft, so that it learns more than to repeat it; 0, as published.")
    var hiddenDraftShare: Double?

    @Option(help: "How much the refined mask's whole overlap with the truth counts beside the losses at sampled points; 0, as published.")
    var overlapWeight: Float?

    @Option(help: "Share of good pictures, which ask for an empty mask; 0.25.")
    var goodShare: Double?

    @Option(help: "Share of good pictures with painted defects; 0. Good pictures are all that is needed where it and --good-share make 1.")
    var paintedShare: Double?

    @Option(help: "Share of good pictures with a real defect of a defective picture put on; 0. More of them than defects show more places and tones.")
    var transplantedShare: Double?

    @Option(help: "Share of each kind of picture that is kept aside to choose the best epoch by; 0.2.")
    var validationShare: Double?

    @Option(help: "Where the encoder is not tuned: different augmentations of a picture, whose embeddings are kept on disk; 4. 0: always a new one.")
    var views: Int?

    @Option(help: ArgumentHelp("Folder of kept embeddings, for further runs; unless given it is beside the output, and goes when the run ends.", valueName: "folder"))
    var cache: String?

    func settings() throws -> TuningSettings {
        var settings = try recipe.map(RecipeFile.read) ?? TuningSettings()
        if let method {
            // A recipe's rate belongs to its own kind of method.
            if method.makesAdapter != settings.target.method.makesAdapter { settings.learningRate = method.makesAdapter ? 1e-3 : 3e-5 }
            settings.target.method = method
        }
        if let vraPosition {
            guard let position = TuningTarget.AdapterPosition(rawValue: vraPosition) else {
                throw ValidationError("--vra-position must be -1 (both blocks), 1 or 2, not \(vraPosition).")
            }
            settings.target.adapterPosition = position
        }
        func set<Value>(_ value: Value?, _ place: WritableKeyPath<TuningSettings, Value>) {
            if let value { settings[keyPath: place] = value }
        }
        set(epochs, \.epochs)
        set(learningRate, \.learningRate)
        set(encoderRate, \.encoderRate)
        set(warmup, \.warmupSteps)
        set(schedule, \.schedule)
        set(averaging, \.averaging)
        set(decayAfter, \.decayAfter)
        set(decayFactor, \.decayFactor)
        set(weightDecay, \.weightDecay)
        set(batch, \.batch)
        set(seed, \.seed)
        set(rank, \.target.rank)
        set(vraInit, \.target.adapterScale)
        if let alpha { settings.target.alpha = alpha }
        if let attachedDraft { settings.target.isDraftDetached = !attachedDraft }
        switch augment {
        case .published: settings.augmentation = AugmentationSettings()
        case .thorough: settings.augmentation = .thorough
        case .some(.none): settings.augmentation = .none
        case nil: break
        }
        switch prompts {
        case .published: settings.prompts = PromptSettings()
        case .line: settings.prompts = .line
        case nil: break
        }
        set(scoreWeight, \.scoreWeight)
        set(draftWeight, \.draftWeight)
        set(hiddenDraftShare, \.hiddenDraftShare)
        set(overlapWeight, \.overlapWeight)
        set(goodShare, \.goodShare)
        set(paintedShare, \.paintedShare)
        set(transplantedShare, \.transplantedShare)
        if paintedShare == 1, goodShare == nil { settings.goodShare = 0 }
        set(validationShare, \.validationShare)
        set(views, \.views)
        do { try settings.validate() } catch {
            throw InvalidInput((recipe.map { "\($0): " } ?? "") + error.description)
        }
        return settings
    }

}
