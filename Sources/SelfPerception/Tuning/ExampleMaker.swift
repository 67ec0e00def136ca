import Foundation
import Imaging
import SegmentAnything
import Tensor

/// Makes a step's input, prompt and truth from a sample. Everything drawn is a function of the seed and the step's number.
final class ExampleMaker {
    struct Example {
        /// In pixels of the model's input.
        let prompt: Prompt
        let truth: TruthMap
        /// Whose score may count, too.
        let region: Prompt.Box
        /// What the input depends on besides the weights; nil where there are as many inputs as steps.
        let key: String?
    }

    /// What is shown.
    struct Subject {
        let sample: DefectSample
        /// Of the sample, among its kind.
        let number: Int
        /// What is done to the sample first.
        let kind: EpochPlan.Entry.Kind
    }

    private let seed: UInt64
    private let views: Int
    private let augmenter: Augmenter
    private let drawer: PromptDrawer
    private let painter: PaintedDefects
    private let transplanter: TransplantedDefects
    private let reader = SampleReader()
    private let image = RGBImage()
    private let workspace: Workspace
    private var framed = BinaryMask()
    private let recipe: String

    /// Of the numbers that a sample's views have.
    private static let mostViews = 1024

    /// - Parameters:
    ///   - donors: whose defects are transplanted.
    ///   - views: how many augmentations a picture has; 0: a new one each step.
    init(_ configuration: ModelConfiguration, settings: TuningSettings, donors: [DefectSample], views: Int, threads: Int) throws {
        seed = settings.seed
        self.views = views
        augmenter = Augmenter(configuration, settings: settings.augmentation, seed: settings.seed)
        drawer = PromptDrawer(settings: settings.prompts, seed: settings.seed)
        painter = PaintedDefects(seed: settings.seed)
        transplanter = TransplantedDefects(donors: donors, seed: settings.seed)
        workspace = Workspace(threads: threads)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        recipe = String(decoding: try encoder.encode(settings.augmentation), as: UTF8.self)
    }

    /// - Parameters:
    ///   - step: unique in the run.
    ///   - input: `imageSize² × 3`, written.
    /// - Throws: ``DatasetError`` naming a file that cannot be used.
    func make(_ subject: Subject, epoch: Int, step: Int, into input: Tensor) throws(DatasetError) -> Example {
        var truth = try reader.read(subject.sample, into: image)
        let view = views > 0 ? subject.number * Self.mostViews + epoch % views : nil
        switch subject.kind {
        case .defective, .good: break
        case .painted: truth = painter.paint(on: image, step: view ?? step)
        case .transplanted: truth = try transplanter.transplant(onto: image, step: view ?? step)
        }
        let placement = augmenter(image, truth: truth, step: view ?? step, into: input, truth: &framed, in: workspace)
        let drawn = drawer(framed, placement, step: step)
        let values = drawn.asksForNothing ? [Float](repeating: 0, count: framed.pixels.count) : framed.pixels.map { Float($0) }
        return Example(
            prompt: drawn.prompt, truth: TruthMap(size: framed.size, values: values), region: drawn.region,
            key: view.map { key(subject, truth, view: $0) })
    }

    /// A crop holds some of the defect, so it depends on the truth, too.
    private func key(_ subject: Subject, _ truth: BinaryMask?, view: Int) -> String {
        let marked = truth.map { $0.pixels.withUnsafeBytes(ContentHash.sha256) } ?? "good"
        let picture = ContentHash.sha256(UnsafeRawBufferPointer(image.bytes))
        return "\(picture) \(image.width)x\(image.height) \(marked) \(subject.kind) seed \(seed) view \(view) \(recipe)"
    }
}
