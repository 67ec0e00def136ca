import Tensor
import Testing
@testable import SelfPerception

struct OptimiserTests {
    private func parameter(_ name: String, _ values: [Float]) -> Parameter {
        let tensor = Tensor(rows: 1, columns: values.count)
        for (index, value) in values.enumerated() { tensor.pointer[index] = value }
        return Parameter(name: name, shape: [values.count], value: tensor, isTrainable: true)
    }

    @Test func partsHaveRatesOfTheirOwn() {
        let slow = parameter("slow", [1, 2]), quick = parameter("quick", [1, 2]), still = parameter("still", [1, 2])
        let optimiser = AdamW([slow, quick, still]) { ["slow": 0.25, "quick": 1][$0.name] ?? 0 }
        for parameter in optimiser.parameters { parameter.gradient?.fill(3) }
        optimiser.step(learningRate: 0.1)
        // Adam's first step is as long as the rate, whatever the gradient.
        expectClose(quick.value.values, [0.9, 1.9], within: 1e-6, "full rate")
        expectClose(slow.value.values, [0.975, 1.975], within: 1e-6, "a quarter")
        #expect(still.value.values == [1, 2])
    }

    @Test func rateRises_ThenFallsOnceOrAlongACosine() {
        var settings = TuningSettings()
        settings.learningRate = 0.1
        settings.warmupSteps = 4
        #expect((0..<6).map { settings.rate(epoch: 0, steps: $0) } == [0.025, 0.05, 0.075, 0.1, 0.1, 0.1].map { Float($0) })
        #expect(settings.rate(epoch: 9) == 0.1 && settings.rate(epoch: 10) == Float(0.1) * 0.1)
        settings.schedule = .cosine
        settings.epochs = 4
        // (1 + cos(π · epoch/4))/2
        expectClose((0..<4).map { settings.rate(epoch: $0) }, [0.1, 0.085355, 0.05, 0.014645], within: 1e-6, "cosine")
    }

    @Test func average_IsThatOfAllSteps_AndChangesPlacesWithTheWeights() {
        let weight = parameter("w", [1]), decay: Float = 0.5
        let average = WeightAverage([weight], decay: decay)
        var expected: Float = 1
        for step in 1...20 {
            weight.value.pointer[0] = Float(step * step)
            average.update(steps: step)
            let kept = min(decay, Float(1 + step) / Float(10 + step))
            expected = kept * expected + (1 - kept) * Float(step * step)
        }
        expectClose(average.values[0].values, [expected], within: 1e-3, "average")
        average.exchange()
        #expect(average.values[0].values == [400] && abs(weight.value.pointer[0] - expected) < 1e-3)
        average.exchange()
        #expect(weight.value.values == [400])
    }
}
