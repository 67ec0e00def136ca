import Testing
@testable import SegmentAnything
@testable import Tensor

/// An encoder that was read for tuning, and the loss Σ weights ⊙ embedding with fixed random weights of ±1.
struct TunedEncoder {
    let encoder: any ImageEncoder
    let parameters: ParameterSet
    let input: Tensor
    let weights: Tensor

    init(
        path: String, trains: @escaping (String) -> Bool = { _ in true }, rank: @escaping (String) -> Int? = { _ in nil }
    ) throws {
        let plan = TuningPlan(seed: 3, addsSelfPerception: false, trains: trains, rank: rank)
        let checkpoint = try Checkpoint(base: SafeTensorsFile(path: path), tuning: plan)
        encoder = try checkpoint.imageEncoder()
        parameters = plan.parameters
        let configuration = checkpoint.configuration, side = configuration.imageSize, grid = configuration.gridSize
        input = Self.noise(side * side, 3, seed: 11)
        let noise = Self.noise(grid * grid, configuration.transformerDim, seed: 12)
        weights = Tensor(
            rows: noise.rows, columns: noise.columns, values: noise.buffer.map { $0 < 0 ? -1 : 1 })
        // New low-rank updates begin with zeros, for which half of the gradients vanish.
        for parameter in parameters.trainable where parameter.name.hasSuffix(".lora_B") {
            parameter.value.copy(from: Self.noise(parameter.value.rows, parameter.value.columns, seed: 13))
        }
        parameters.refresh()
    }

    /// Values between −1 and 1.
    static func noise(_ rows: Int, _ columns: Int, seed: UInt32) -> Tensor {
        var state = seed &* 2_654_435_761
        return Tensor(
            rows: rows, columns: columns,
            values: (0..<rows * columns).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return Float(state >> 8) / Float(1 << 23) - 1
            })
    }

    func embedding(in workspace: Workspace) -> [Float] {
        let embedding = Tensor(rows: weights.rows, columns: weights.columns)
        encoder(input, into: embedding, in: workspace)
        return withExtendedLifetime(embedding) { Array(embedding.buffer) }
    }

    func loss(in workspace: Workspace) -> Double {
        zip(embedding(in: workspace), weights.buffer).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    /// The loss's gradients of everything trainable, by name.
    func gradients(in workspace: Workspace) -> [String: [Float]] {
        parameters.clearGradients()
        let tape = Tape(parameters), embedding = Tensor(rows: weights.rows, columns: weights.columns)
        workspace.tape = tape
        encoder(input, into: embedding, in: workspace)
        tape.gradient(of: embedding).copy(from: weights)
        tape.backward(in: workspace)
        workspace.tape = nil
        return Dictionary(uniqueKeysWithValues: parameters.trainable.map { ($0.name, $0.gradient.map { Array($0.buffer) } ?? []) })
    }

    /// Compares the slope along a direction that is half the gradient's and half random, by central differences, with what the
    /// gradient says. Every entry takes part, and what the error is measured by, the gradient's length, is the slope's size.
    ///
    /// - Parameters:
    ///   - step: how far the loss moves, relative to √n for n values of the embedding, which is what it is made of.
    ///   - tolerance: relative to the gradient's length.
    func expectSlope(
        of parameter: Parameter, gradient: [Float], step: Double, within tolerance: Double, in workspace: Workspace,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        func length(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        let slope = gradient.map(Double.init), size = length(slope), start = Array(parameter.value.buffer)
        let noise = Self.noise(1, slope.count, seed: UInt32(truncatingIfNeeded: slope.count) &+ 5)
        let random = withExtendedLifetime(noise) { noise.buffer.map(Double.init) }, spread = length(random)
        guard size > 0 else {
            Issue.record("\(parameter.name): no gradient", sourceLocation: sourceLocation)
            return
        }
        let direction = zip(slope, random).map { $0 / size + $1 / spread }
        let expected = zip(slope, direction).reduce(0) { $0 + $1.0 * $1.1 }
        let far = step * Double(weights.count).squareRoot() / size
        func loss(_ factor: Double) -> Double {
            for index in start.indices { parameter.value.pointer[index] = start[index] + Float(factor * far * direction[index]) }
            parameters.refresh()
            return self.loss(in: workspace)
        }
        let actual = (loss(1) - loss(-1)) / (2 * far)
        _ = parameter.value.buffer.update(fromContentsOf: start)
        parameters.refresh()
        let error = abs(actual - expected) / size
        #expect(error < tolerance, "\(parameter.name): slope \(actual), by its gradient \(expected), off by \(error) of |g| \(size)", sourceLocation: sourceLocation)
    }
}
