import Tensor

/// Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2), in
/// PyTorch's order of operations.
public final class AdamW {
    public struct Settings: Sendable, Codable, Equatable {
        public var beta1: Float = 0.9
        public var beta2: Float = 0.999
        public var epsilon: Float = 1e-8
        public var weightDecay: Float = 0

        public init() {}
    }

    public let parameters: [Parameter]
    public let settings: Settings
    /// What each parameter's learning rate is multiplied by.
    private let rates: [Float]
    /// Steps taken.
    public internal(set) var steps = 0
    /// First and second moments, one of each parameter's shape.
    let moments: [(first: Tensor, second: Tensor)]

    /// - Parameter rate: what a parameter's learning rate is multiplied by.
    public init(_ parameters: [Parameter], settings: Settings = Settings(), rate: (Parameter) -> Float = { _ in 1 }) {
        self.parameters = parameters
        self.settings = settings
        rates = parameters.map(rate)
        moments = parameters.map {
            let first = Tensor(rows: $0.value.rows, columns: $0.value.columns), second = Tensor(rows: $0.value.rows, columns: $0.value.columns)
            first.fill(0)
            second.fill(0)
            return (first, second)
        }
    }

    /// w ← w·(1 − lr·decay) − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε)
    ///
    /// - Parameter scale: what gradients are multiplied with first, such as 1 over the number of pictures they were added up over.
    public func step(learningRate: Float, scale: Float = 1) {
        steps += 1
        let first = 1 - Self.power(settings.beta1, steps), second = Float(1 - Self.power(settings.beta2, steps)).squareRoot()
        for (index, parameter) in parameters.enumerated() {
            guard let gradient = parameter.gradient else { continue }
            let learningRate = learningRate * rates[index], moments = moments[index]
            Self.update(
                parameter.value.pointer, gradient.pointer, moments.first.pointer, moments.second.pointer, count: gradient.count, settings,
                scale: scale, rate: Float(Double(learningRate) / first), decay: 1 - learningRate * settings.weightDecay, correction: 1 / second)
        }
    }

    private static func power(_ base: Float, _ exponent: Int) -> Double {
        var result = 1.0, factor = Double(base), rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return result
    }

    private static func update(
        _ value: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>, _ first: UnsafeMutablePointer<Float>,
        _ second: UnsafeMutablePointer<Float>, count: Int, _ settings: Settings, scale: Float, rate: Float, decay: Float, correction: Float
    ) {
        let beta1 = settings.beta1, beta2 = settings.beta2, epsilon = settings.epsilon
        for index in 0..<count {
            let g = gradient[index] * scale
            let m = first[index] + (g - first[index]) * (1 - beta1)
            let v = second[index] * beta2 + g * g * (1 - beta2)
            first[index] = m
            second[index] = v
            value[index] = value[index] * decay - rate * (m / (v.squareRoot() * correction + epsilon))
        }
    }
}
