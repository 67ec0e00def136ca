import Foundation
import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception
@testable import Tensor

/// The gradient of every weight that can be tuned, against the slope of the loss itself, over a small model with random weights:
/// encoder, prompt encoder, both decoders, their adapters and low-rank updates.
struct GradientTests {
    /// A step over the model, a picture of noise and a made-up truth.
    struct Line {
        let step: TuningStep
        private let input: Tensor
        private let prompt: Prompt
        private let truth: TruthMap
        private let points: [SamplePoint]
        private let region: TuningStep.ScoredRegion?
        private let draftWeight: Float
        private let overlapWeight: Float
        private let isDraftHidden: Bool

        init(_ model: RandomModel, _ target: TuningTarget, prompt: Prompt = box, scoreWeight: Float? = nil, draftWeight: Float = 1, overlapWeight: Float = 0, isDraftHidden: Bool = false, threads: Int = 2) throws {
            let plan = target.plan(seed: 3, encoder: .vit)
            let read = try SPTModel(base: SafeTensorsFile(path: model.path), adapter: nil, tuning: plan)
            step = TuningStep(model: read, plan: plan, target: target, threads: threads)
            var generator = SeededGenerator(seed: 5)
            // New low-rank updates begin with zeros, for which half of the gradients vanish.
            for parameter in plan.parameters.trainable where parameter.name.hasSuffix(".lora_B") {
                for index in 0..<parameter.value.count { parameter.value.pointer[index] = 0.5 * generator.signed() }
            }
            plan.parameters.refresh()
            let size = read.configuration.imageSize, side = read.configuration.maskSize
            input = Tensor(rows: size * size, columns: 3)
            for index in 0..<input.count { input.pointer[index] = generator.signed() }
            self.prompt = prompt
            self.draftWeight = draftWeight
            self.overlapWeight = overlapWeight
            self.isDraftHidden = isDraftHidden
            truth = TruthMap(
                size: PixelSize(width: side, height: side),
                values: (0..<side * side).map { $0 % side > side / 3 && $0 / side > side / 2 ? 1 : 0 })
            points = (0..<2000).map { _ in SamplePoint(x: generator.unit(), y: generator.unit()) }
            region = scoreWeight.map { TuningStep.ScoredRegion(box: .init(left: 0, top: 0, right: Float(side), bottom: Float(side)), weight: $0) }
        }

        static let box = Prompt(box: .init(left: 20, top: 15, right: 80, bottom: 70))
        static let clicks = Prompt(points: [.init(x: 30, y: 40), .init(x: 70, y: 22, label: .background)])

        func loss() -> Double {
            step.parameters.clearGradients()
            return step(.input(input), prompt: prompt, truth: truth, region: region, weights: .init(draft: draftWeight, overlap: overlapWeight), isDraftHidden: isDraftHidden) { _, _ in points }.total
        }

        /// Moves each tensor along a direction that is half the gradient's and half random, so that each entry takes part, and
        /// compares the slope with what the gradient says, relative to the gradient's length.
        ///
        /// - Parameter tolerance: a unit of a perceptron that is just at its bend is worth up to 5%; a share of a gradient that is
        ///   forgotten, or a factor, is worth far more.
        /// - Returns: names of the tensors that were compared.
        @discardableResult
        func check(
            within tolerance: Double = 0.08, _ isChecked: (String) -> Bool = { _ in true }, sourceLocation: SourceLocation = #_sourceLocation
        ) throws -> Set<String> {
            _ = loss()
            let gradients = try step.parameters.trainable.map { try #require($0.gradient).values.map(Double.init) }
            var generator = SeededGenerator(seed: 8), compared: Set<String> = []
            for (parameter, gradient) in zip(step.parameters.trainable, gradients) where isChecked(parameter.name) {
                let size = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot(), start = parameter.value.values
                let random = gradient.map { _ in Double(generator.signed()) }, spread = random.reduce(0) { $0 + $1 * $1 }.squareRoot()
                // Shorter ones are lost in the rounding of the loss, some 1e-7.
                guard size > 1e-4 else { continue }
                let direction = zip(gradient, random).map { $0 / size + $1 / spread }
                // The loss moves by 2e-4, of which rounding is a thousandth; a weight moves by a fiftieth of itself at most.
                let length = start.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot(), reach = min(2.5e-5 / size, 0.02 * max(length, 0.1))
                func moved(_ sign: Double) -> Double {
                    for index in start.indices { parameter.value.pointer[index] = start[index] + Float(sign * reach * direction[index]) }
                    step.parameters.refresh()
                    return loss()
                }
                let slope = (moved(1) - moved(-1)) / (2 * reach), expected = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
                _ = parameter.value.buffer.update(fromContentsOf: start)
                step.parameters.refresh()
                // Rounding of the loss over a short way is allowed on top.
                #expect(
                    abs(slope - expected) < tolerance * size + 4e-7 / reach, "\(parameter.name): slope \(slope), by its gradient \(expected), |g| \(size)",
                    sourceLocation: sourceLocation)
                compared.insert(parameter.name)
            }
            return compared
        }
    }

    private func target(_ method: TuningMethod) -> TuningTarget {
        var target = TuningTarget()
        target.method = method
        target.rank = 2
        target.isDraftDetached = false
        return target
    }

    @Test(arguments: [1, 2]) func everyWeight_HasTheSlopeOfTheLoss(_ seed: UInt64) throws {
        let line = try Line(RandomModel(seed: seed), target(.full))
        let compared = try line.check()
        // What a box and a single mask have no use for: clicks' embeddings and the other masks' networks.
        let rest = line.step.parameters.trainable.map(\.name).filter { !compared.contains($0) }
        for name in rest {
            #expect(
                name.contains("point_embeddings.0") || name.contains("point_embeddings.1") || name.contains("not_a_point") || name.contains("hypernetworks_mlps")
                    || name.contains("k_proj.bias"), "\(name) was not compared")
        }
        #expect(compared.count > 200)
    }

    @Test func clicks_ReachTheirKindsEmbedding() throws {
        let compared = try Line(RandomModel(seed: 3), target(.full), prompt: Line.clicks).check { $0.hasPrefix("prompt_encoder.") && !$0.contains("mask_downscaling") }
        #expect(compared.isSuperset(of: ["point_embeddings.0", "point_embeddings.1", "not_a_point_embed"].map { "prompt_encoder.\($0).weight" }))
    }

    @Test func lowRankUpdatesAndAdapters_HaveTheSlopeOfTheLoss() throws {
        let compared = try Line(RandomModel(seed: 4), target(.spt)).check()
        // q and v of seven attentions a decoder, and of the encoder's two, each of two factors; two scales a decoder.
        #expect(compared.count == 2 * (7 * 2 * 2 + 2) + 2 * 2)
    }

    @Test func scoreTakesPart() throws {
        let model = try RandomModel(seed: 5)
        // Cells change places among the twenty highest on the way.
        try Line(model, target(.spt), scoreWeight: 3).check(within: 0.2) { $0.contains("draft_decoder") }
        #expect(try Line(model, target(.spt), scoreWeight: 3).loss() > Line(model, target(.spt)).loss() + 0.1)
    }

    @Test func overlapTakesPart() throws {
        let model = try RandomModel(seed: 5)
        try Line(model, target(.spt), overlapWeight: 3).check { $0.contains("draft_decoder") }
        #expect(try Line(model, target(.spt), overlapWeight: 3).loss() > Line(model, target(.spt)).loss() + 0.1)
    }

    @Test func draftsWeight_ScalesItsOwnShareAlone() throws {
        let model = try RandomModel(seed: 6)
        try Line(model, target(.full), draftWeight: 0.3).check(within: 0.2) { $0.contains("decoder.transformer.layers.0.self_attn") }
        var detached = target(.full)
        detached.isDraftDetached = true
        func gradients(_ weight: Float) throws -> [String: [Float]] {
            let line = try Line(model, detached, draftWeight: weight)
            _ = line.loss()
            return line.step.parameters.trainable.reduce(into: [:]) { $0[$1.name] = $1.gradient?.values }
        }
        let whole = try gradients(1), none = try gradients(0)
        for (name, values) in none {
            if name.hasPrefix("mask_decoder.") { #expect(values.allSatisfy { $0 == 0 }, "\(name)") }
            if name.hasPrefix("draft_decoder.") { #expect(values == whole[name], "\(name)") }
        }
        #expect(whole.contains { $0.key.hasPrefix("mask_decoder.") && $0.value.contains { $0 != 0 } })
        #expect(none.contains { $0.key.hasPrefix("image_encoder.") && $0.value.contains { $0 != 0 } && $0.value != whole[$0.key] })
    }

    @Test func hiddenDraft_IsNotSeenByTheSecondPass_AndLearnsAsEver() throws {
        let model = try RandomModel(seed: 8)
        try Line(model, target(.full), isDraftHidden: true).check(within: 0.2) { $0.contains("draft_decoder.transformer.layers.0.self_attn") }
        var detached = target(.full)
        detached.isDraftDetached = true
        func gradients(isDraftHidden: Bool) throws -> [String: [Float]] {
            let line = try Line(model, detached, isDraftHidden: isDraftHidden)
            _ = line.loss()
            return line.step.parameters.trainable.reduce(into: [:]) { $0[$1.name] = $1.gradient?.values }
        }
        let shown = try gradients(isDraftHidden: false), hidden = try gradients(isDraftHidden: true)
        let downscaling = shown.keys.filter { $0.contains("mask_downscaling") }
        #expect(downscaling.contains { shown[$0]?.contains { $0 != 0 } == true })
        for name in downscaling { #expect(hidden[name]?.allSatisfy { $0 == 0 } == true, "\(name)") }
        for (name, values) in shown where name.hasPrefix("mask_decoder.") { #expect(hidden[name] == values, "\(name)") }
        #expect(shown.contains { $0.key.hasPrefix("draft_decoder.") && hidden[$0.key] != $0.value })
    }

    @Test func detachedDraft_HearsNothingOfTheRefinedMask() throws {
        let model = try RandomModel(seed: 7), name = "mask_decoder.transformer.layers.0.lora_sim_scale"
        func gradient(detached: Bool, scoreWeight: Float?) throws -> [Float] {
            var target = target(.spt)
            target.isDraftDetached = detached
            let line = try Line(model, target, scoreWeight: scoreWeight)
            _ = line.loss()
            return try #require(line.step.parameters.trainable.first { $0.name == name }?.gradient).values
        }
        #expect(try gradient(detached: true, scoreWeight: nil) == gradient(detached: true, scoreWeight: 5))
        #expect(try gradient(detached: false, scoreWeight: nil) != gradient(detached: false, scoreWeight: 5))
    }

    @Test func gradients_DoNotDependOnTheThreads() throws {
        let model = try RandomModel(seed: 8), one = try Line(model, target(.full), threads: 1), two = try Line(model, target(.full), threads: 2)
        #expect(one.loss() == two.loss())
        for (a, b) in zip(one.step.parameters.trainable, two.step.parameters.trainable) {
            #expect(a.gradient?.values == b.gradient?.values, "\(a.name)")
        }
    }

    /// A block keeps what it was given and little else; what it computes is computed again on the way back.
    @Test func memoryGrowsByABlocksInput_ForEachBlockOfTheEncoder() throws {
        func bytes(_ depth: Int) throws -> Int {
            let line = try Line(RandomModel(seed: 9, grid: 16, depth: depth), target(.full))
            _ = line.loss()
            return line.step.plannedBytes
        }
        let few = try bytes(2), many = try bytes(10), tokens = 16 * 16, width = 24
        // Twice a block's 256 × 24 activations: before the attention and before the perceptron. The latter alone has four times as many inside.
        #expect(many - few <= 8 * 3 * tokens * width * 4, "\(many - few) bytes for 8 blocks")
    }
}
