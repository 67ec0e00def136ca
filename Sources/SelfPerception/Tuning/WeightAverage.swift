import Tensor

/// A running average of the weights that are trained: ā ← d·ā + (1 − d)·w after each step (Polyak averaging, in the exponential
/// form that Tarvainen and Valpola, "Mean teachers", 2017, use), which answers more steadily than the weights of any one step.
/// Early on d is (1 + steps)/(10 + steps), so that where the run began does not count for long.
final class WeightAverage {
    let parameters: [Parameter]
    /// Of the parameters' shapes.
    let values: [Tensor]
    private let decay: Float

    init(_ parameters: [Parameter], decay: Float) {
        self.parameters = parameters
        self.decay = decay
        values = parameters.map {
            let value = Tensor(rows: $0.value.rows, columns: $0.value.columns)
            value.copy(from: $0.value)
            return value
        }
    }

    /// - Parameter steps: that the optimiser has taken.
    func update(steps: Int) {
        let kept = min(decay, Float(1 + steps) / Float(10 + steps))
        for (average, parameter) in zip(values, parameters) {
            multiply(average.pointer, by: kept, count: average.count)
            addScaled(parameter.value.pointer, 1 - kept, to: average.pointer, count: average.count)
        }
    }

    /// Exchanges the average and the weights; layers take over neither until they are told to.
    func exchange() {
        for (average, parameter) in zip(values, parameters) {
            for index in 0..<average.count { swap(&average.pointer[index], &parameter.value.pointer[index]) }
        }
    }
}
