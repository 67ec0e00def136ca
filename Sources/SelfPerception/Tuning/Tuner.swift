import Foundation
import Imaging
import SegmentAnything
import Tensor

/// A tuning run: epochs over a data set's pictures, validation, the best weights written as they are found, and a state from
/// which a run that was killed goes on.
public final class Tuner {
    public let settings: TuningSettings
    public let model: SPTModel
    private let step: TuningStep
    private let optimiser: AdamW
    /// nil: the weights themselves are measured and written.
    private let average: WeightAverage?
    private let output: TunedModel
    private let files: Files
    private let training: Samples
    private let kept: Samples
    private let examples: ExampleMaker
    let validation: ValidationSet
    private var state: TuningState
    /// The output is this run's own, or somebody said so.
    private var mayReplace: Bool
    private let cache: EmbeddingCache?
    /// Held as long as the run may write.
    private let lock: FileLock
    private let input: Tensor
    /// Seconds between two states that are written, besides those at the end of each epoch.
    var saveInterval = 60.0
    /// Entries of an epoch, so that every step of a run has a number of its own.
    private static let mostEntries = 1 << 24
    private let embedding: Tensor

    /// - Parameters:
    ///   - adapter: where a run starts from; nil: from the base alone.
    ///   - samples: the training part of a data set.
    ///   - restarts: forgets what an earlier run left of its state.
    /// - Throws: ``TuningError``, ``CheckpointError``.
    public init(
        base: SafeTensorsFile, adapter: SafeTensorsFile?, samples: [DefectSample], settings: TuningSettings, files: Files,
        restarts: Bool, threads: Int
    ) throws {
        try settings.validate()
        self.settings = settings
        self.files = files
        mayReplace = files.overwrite
        try OutputFile.requireFolder(of: files.output)
        for file in [base, adapter].compactMap({ $0 }) where file.isSameFile(as: files.output) {
            throw TuningError(description: "\(files.output): is what the run starts from; --out names another file")
        }
        let configuration = try ModelConfiguration(of: base)
        let plan = settings.target.plan(seed: settings.seed, encoder: configuration.encoder)
        model = try SPTModel(base: base, adapter: adapter, tuning: plan)
        guard !plan.parameters.trainable.isEmpty, model.hasRefinement || settings.target.method != .refine else {
            throw TuningError(description: "nothing of \(base.path) is tuned by method \(settings.target.method.rawValue)\(model.hasRefinement ? "" : ": the model has one pass; spt gives it a second")")
        }
        let rank = settings.target.rank
        if let other = plan.parameters.trainable.first(where: { $0.name.hasSuffix(".lora_B") && $0.value.columns != rank }) {
            throw TuningError(description: "\(adapter?.path ?? base.path): its updates have rank \(other.value.columns), not \(rank); --rank \(other.value.columns) goes on from them")
        }
        step = TuningStep(model: model, plan: plan, target: settings.target, threads: threads)
        var adam = AdamW.Settings()
        adam.weightDecay = settings.weightDecay
        optimiser = AdamW(plan.parameters.trainable, settings: adam) { $0.name.hasPrefix("image_encoder.") ? settings.encoderRate : 1 }
        average = settings.averaging > 0 ? WeightAverage(plan.parameters.trainable, decay: settings.averaging) : nil
        output = TunedModel(
            base: base, adapter: adapter, model: model, parameters: plan.parameters, settings: settings, session: SPTSession(model: model, threads: threads))
        (training, kept) = Self.split(samples, settings)
        guard !training.defective.isEmpty || !training.good.isEmpty else {
            throw TuningError(description: "there is no picture to tune on")
        }
        guard !training.defective.isEmpty || settings.paintedShare > 0 else {
            throw TuningError(description: "there is no defective picture to tune on; --painted-share paints defects on good ones")
        }
        guard settings.transplantedShare == 0 || !training.defective.isEmpty && !training.good.isEmpty else {
            throw TuningError(description: "there is no \(training.good.isEmpty ? "good picture to put a defect on" : "defect to put on good pictures"); --transplanted-share 0 does without")
        }
        let views = step.needsPicture ? 0 : settings.views
        guard settings.paintedShare == 0 || !training.good.isEmpty else {
            throw TuningError(description: "there is no good picture to paint on; --painted-share 0 does without")
        }
        guard !EpochPlan(defective: training.defective.count, good: training.good.count, settings: settings, epoch: 0).entries.isEmpty else {
            throw TuningError(description: "the shares leave no picture to tune on: \(training.defective.count) defective and \(training.good.count) good ones are there, and \(settings.goodShare) are to be good, \(settings.paintedShare) painted, \(settings.transplantedShare) transplanted")
        }
        examples = try ExampleMaker(model.configuration, settings: settings, donors: training.defective, views: views, threads: threads)
        validation = ValidationSet(samples: kept.defective + kept.good, session: output.session)
        lock = try FileLock(files.state + ".lock", of: files.output)
        let tokens = model.configuration.gridSize * model.configuration.gridSize, side = model.configuration.imageSize
        embedding = Tensor(rows: tokens, columns: model.configuration.transformerDim)
        input = Tensor(rows: side * side, columns: 3)
        if views > 0 {
            cache = EmbeddingCache(directory: files.embeddings, model: model.hash, rows: tokens, columns: embedding.columns)
        } else {
            cache = nil
        }
        state = TuningState(fingerprint: Self.fingerprint(model, samples), settings: settings)
        if restarts {
            // What the run that is forgotten wrote goes with it. Everything that could be refused is, before anything is lost.
            mayReplace = mayReplace || FileManager.default.fileExists(atPath: files.state) && ownOutput != nil
            try OutputFile.requireFree(files.output, overwrite: mayReplace)
            try? FileManager.default.removeItem(atPath: files.state)
        } else if let earlier = try TuningState.read(files.state, expected: state, optimiser: optimiser, average: average) {
            state = earlier
            plan.parameters.refresh()
            mayReplace = mayReplace || ownOutput != nil
        }
        try requireBestEpoch()
        try OutputFile.requireFree(files.output, overwrite: mayReplace)
    }

    /// What this run has written.
    private var ownOutput: SafeTensorsFile? {
        guard let file = try? SafeTensorsFile(path: files.output), output.isOwn(file) else { return nil }
        return file
    }

    /// The weights of the best epoch so far are in the output alone.
    private func requireBestEpoch() throws(TuningError) {
        guard let best = state.bestEpoch else { return }
        // A run that was killed after it wrote a better epoch, and before it noted that, does that epoch again.
        let known = ["\(best)", "\(state.epoch + 1)"]
        guard ownOutput?.metadata[TunedModel.epochKey].map(known.contains) == true else {
            let isThere = FileManager.default.fileExists(atPath: files.output)
            throw TuningError(description: "\(files.output): should hold epoch \(best), the best so far of the run that \(files.state) is of, but \(isThere ? "holds something else" : "is not there"); bring it back, or begin anew with --restart\(isThere ? " --force" : "")")
        }
    }

    /// Pictures that are tuned on and those kept aside, for messages.
    public var counts: (defective: Int, good: Int, keptDefective: Int, keptGood: Int) {
        (training.defective.count, training.good.count, kept.defective.count, kept.good.count)
    }

    var stateFile: String { files.state }

    /// Whether anything of the image encoder is trained.
    public var tunesEncoder: Bool { step.needsPicture }

    /// Numbers that are trained.
    public var trainedCount: Int { step.parameters.trainable.reduce(0) { $0 + $1.value.count } }

    /// The epochs that are done.
    public var history: [EpochSummary] { state.history }

    /// What the pictures kept aside say of the weights that the run started from; nil without any.
    public var before: EpochSummary.Validation? { state.before }

    /// Epochs that an earlier run had done already, and pictures of the next one.
    public var resumed: (epochs: Int, pictures: Int) { (state.epoch, state.entry) }

    public enum Progress {
        /// What the pictures kept aside say of the weights that the run starts from.
        case before(EpochSummary.Validation)
        /// After each picture: of the epoch that runs, counted from 1.
        case picture(epoch: Int, done: Int, of: Int, losses: TuningStep.Losses)
        /// `isBest`: none did better on the pictures kept aside; nil without any.
        case epoch(EpochSummary, isBest: Bool?)
    }

    /// Runs to the end, or until `progress` throws; the state is written then, too.
    ///
    /// - Returns: the course of all epochs.
    @discardableResult
    public func run(_ progress: (Progress) throws -> Void) throws -> [EpochSummary] {
        var saved = Date()
        try cache?.prepare()
        if state.epoch == 0, state.entry == 0, let before = try validation.measure() {
            state.before = before
            try progress(.before(before))
        }
        // Whatever is written later is known to be this run's.
        try save()
        while state.epoch < settings.epochs {
            let plan = EpochPlan(
                defective: training.defective.count, good: training.good.count, settings: settings, epoch: state.epoch)
            while state.entry < plan.entries.count {
                let last = min(state.entry + settings.batch, plan.entries.count)
                do { try takeStep(plan, last: last, progress) } catch {
                    step.parameters.clearGradients()
                    do { try save() } catch let second {
                        throw TuningError(description: "\(error); nor can the state be kept: \(second)", isInvalidInput: false)
                    }
                    throw error
                }
                if Date().timeIntervalSince(saved) >= saveInterval {
                    try save()
                    saved = Date()
                }
            }
            let summary = try finishEpoch(plan)
            try save()
            try progress(.epoch(summary, isBest: summary.validation?.score == nil ? nil : state.bestEpoch == summary.epoch))
        }
        try? FileManager.default.removeItem(atPath: files.state)
        if files.cache == nil { cache?.remove() }
        return state.history
    }

    /// One step of the optimiser, from the entries up to `last`.
    private func takeStep(_ plan: EpochPlan, last: Int, _ progress: (Progress) throws -> Void) throws {
        let first = state.entry
        var sums = (draft: 0.0, refined: 0.0)
        for place in first..<last {
            let losses = try show(plan.entries[place], epoch: state.epoch, place: place)
            sums.draft += losses.draft.total
            sums.refined += losses.refined.total + losses.score + losses.overlap
            guard losses.total.isFinite else {
                throw TuningError(description: "the loss is no number any more in epoch \(state.epoch + 1); a smaller --learning-rate may help", isInvalidInput: false)
            }
            try progress(.picture(epoch: state.epoch + 1, done: place + 1, of: plan.entries.count, losses: losses))
        }
        optimiser.step(learningRate: settings.rate(epoch: state.epoch, steps: optimiser.steps), scale: 1 / Float(last - first))
        step.parameters.clearGradients()
        step.parameters.refresh()
        average?.update(steps: optimiser.steps)
        state.draftLoss += sums.draft
        state.refinedLoss += sums.refined
        state.entry = last
        state.optimiserSteps = optimiser.steps
    }

    private func show(_ entry: EpochPlan.Entry, epoch: Int, place: Int) throws -> TuningStep.Losses {
        let sample = entry.kind == .defective ? training.defective[entry.index] : training.good[entry.index]
        let number = epoch * Self.mostEntries + place
        let subject = ExampleMaker.Subject(sample: sample, number: entry.index, kind: entry.kind)
        let example = try examples.make(subject, epoch: epoch, step: number, into: input)
        var generator = SeededGenerator(seed: settings.seed, step: number, for: .points)
        let picture: TuningStep.Picture
        if let cache, let key = example.key {
            try cache.embedding(of: key, into: embedding) { step.embed(input, into: $0) }
            picture = .embedding(embedding)
        } else {
            picture = .input(input)
        }
        let region = settings.scoreWeight > 0 ? TuningStep.ScoredRegion(box: example.region, weight: settings.scoreWeight) : nil
        let weights = TuningStep.Weights(draft: settings.draftWeight, overlap: settings.overlapWeight)
        var hiding = SeededGenerator(seed: settings.seed, step: number, for: .hiding)
        let isDraftHidden = hiding.between(0...1) < settings.hiddenDraftShare
        return step(
            picture, prompt: example.prompt, truth: example.truth, region: region, weights: weights, isDraftHidden: isDraftHidden
        ) { logits, size in
            settings.sampling.points(in: logits, size: size, using: &generator)
        }
    }

    private func finishEpoch(_ plan: EpochPlan) throws -> EpochSummary {
        let pictures = Double(max(1, plan.entries.count))
        let summary = try withWeightsToKeep {
            let summary = EpochSummary(
                epoch: state.epoch + 1, learningRate: settings.rate(epoch: state.epoch), draftLoss: state.draftLoss / pictures,
                refinedLoss: state.refinedLoss / pictures, validation: try validation.measure())
            try keep(summary)
            return summary
        }
        state.epoch += 1
        state.entry = 0
        state.draftLoss = 0
        state.refinedLoss = 0
        return summary
    }

    /// Enters an epoch into the history, and writes its weights where none did better.
    private func keep(_ summary: EpochSummary) throws {
        let best = state.bestEpoch.flatMap { state.history[$0 - 1].validation?.score }
        // Without anything to choose by, the last epoch is the result.
        let isBehind = best.flatMap { best in summary.validation?.score.map { $0 <= best } } ?? false
        state.history.append(summary)
        guard !isBehind else { return }
        state.bestEpoch = summary.epoch
        try write(summary)
    }

    /// Calls `body` while the model has the weights that are measured and written: the average, where there is one, in the file's precision.
    private func withWeightsToKeep<Result>(_ body: () throws -> Result) rethrows -> Result {
        func exchange() {
            guard let average else { return }
            average.exchange()
            step.parameters.refresh()
        }
        exchange()
        defer { exchange() }
        return try output.withStoredPrecision(step.parameters.refresh, body)
    }

    private func write(_ summary: EpochSummary) throws {
        var notes = [
            "tuned_on": "\(training.defective.count) defective and \(training.good.count) good pictures", TunedModel.epochKey: "\(summary.epoch)",
        ]
        if let validation = summary.validation {
            let figures = [
                validation.draftIoU.map { "draft IoU \($0)" }, validation.refinedIoU.map { "refined IoU \($0)" },
                validation.auroc.map { "AUROC \($0)" },
            ]
            notes["validation"] = "\(kept.defective.count) defective, \(kept.good.count) good pictures: \(figures.compactMap { $0 }.joined(separator: ", "))"
        }
        try output.write(to: files.output, overwrite: mayReplace, notes: notes, program: files.program)
        mayReplace = true
    }

    private func save() throws { try state.write(to: files.state, optimiser: optimiser, average: average) }
}
