import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception
@testable import Tensor

/// Loss, gradients and a step of the optimiser of `golden/backward.safetensors`: the published SPT code in PyTorch, box prompt.
@Suite(.enabled(if: Shared.has("golden/backward.safetensors"), Shared.missing("golden/backward.safetensors")))
struct PublishedBackwardTests {
    let golden: Golden
    let parameters: ParameterSet
    let losses: TuningStep.Losses

    init() throws {
        golden = try Golden("golden/backward.safetensors")
        let forward = try PublishedForwardTests()
        let target = TuningTarget(), plan = target.plan(seed: 1, encoder: .vit)
        let model = try SPTModel(
            base: SafeTensorsFile(path: Shared.path("golden/sam_tiny.safetensors")),
            adapter: SafeTensorsFile(path: Shared.path("golden/spt_tiny.safetensors")), tuning: plan)
        let step = TuningStep(model: model, plan: plan, target: target, threads: 2)
        // The published loss is over all of the low-resolution mask: its cells' centres are the points.
        let side = model.configuration.maskSize
        let points = (0..<side * side).map {
            SamplePoint(x: (Float($0 % side) + 0.5) / Float(side), y: (Float($0 / side) + 0.5) / Float(side))
        }
        let truth = TruthMap(size: PixelSize(width: side, height: side), values: try golden.floats("target"))
        losses = step(.input(try forward.input()), prompt: try forward.prompt("box"), truth: truth) { _, _ in points }
        parameters = plan.parameters
    }

    @Test func loss_Agrees() throws {
        expectClose([Float(losses.total)], try golden.floats("loss"), within: 1e-4, "loss")
    }

    @Test func gradients_AgreeByName() throws {
        let names = golden.file.entries.keys.filter { $0.hasPrefix("grad.") }
        #expect(names.count == parameters.trainable.count)
        for parameter in parameters.trainable {
            let expected = try golden.floats("grad." + parameter.name)
            let actual = try #require(parameter.gradient).values
            // Relative to the tensor's largest gradient; below 1e-7 both sides only know rounding.
            let scale = max(1e-7, expected.map(abs).max() ?? 0)
            expectClose(actual, expected, within: 1e-3 * scale, parameter.name)
        }
    }

    @Test func optimiser_TakesTheSameStep() throws {
        for parameter in parameters.trainable {
            // From the published gradients, so that the step alone is compared.
            let gradient = try #require(parameter.gradient)
            gradient.copy(from: Tensor(rows: gradient.rows, columns: gradient.columns, values: try golden.floats("grad." + parameter.name)))
        }
        var settings = AdamW.Settings()
        settings.weightDecay = 0.01
        AdamW(parameters.trainable, settings: settings).step(learningRate: 1e-3)
        for parameter in parameters.trainable {
            expectClose(parameter.value.values, try golden.floats("adamw_step." + parameter.name), within: 1e-6, parameter.name)
        }
    }
}
