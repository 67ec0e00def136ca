import Testing
@testable import Tensor

/// The way back through each operation by central differences, on small shapes of which none fits a tile, at random values.
///
/// The loss is Σ weights ⊙ y in double precision. Every tensor moves along a direction that is half its gradient's and half
/// random, so that each of its entries takes part; the error is measured by the gradient's length.
struct OperationGradientTests {
    /// What an operation reads and the result that it writes.
    private struct Operation {
        var inputs: [(name: String, value: Tensor, gradient: () -> Tensor?)]
        let rows: Int
        let columns: Int
        /// Computes the result anew.
        let forward: (Tensor, Workspace) -> Void
        /// Given the slope of the result, adds up every input's gradient.
        let backward: (Tensor, Workspace) -> Void
    }

    private func check(
        _ operation: Operation, seed: UInt64, step: Double = 1e-2, within tolerance: Double = 2e-3, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var noise = Noise(seed)
        let weights = noise.tensor(operation.rows, operation.columns), y = Tensor(rows: operation.rows, columns: operation.columns)
        let workspace = Workspace(threads: 2)
        func loss() -> Double {
            operation.forward(y, workspace)
            return zip(y.buffer, weights.buffer).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        _ = loss()
        let slope = Tensor(rows: weights.rows, columns: weights.columns)
        slope.copy(from: weights)
        operation.backward(slope, workspace)
        for (name, value, gradient) in operation.inputs {
            guard let found = gradient()?.values.map(Double.init) else {
                Issue.record("\(name): no gradient", sourceLocation: sourceLocation)
                continue
            }
            let size = found.reduce(0) { $0 + $1 * $1 }.squareRoot(), start = value.values
            let random = start.map { _ in Double(noise.next()) }, spread = random.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(size > 0, "\(name): no gradient", sourceLocation: sourceLocation)
            let direction = zip(found, random).map { $0 / size + $1 / spread }
            func moved(_ sign: Double) -> Double {
                for index in start.indices { value.pointer[index] = start[index] + Float(sign * step * direction[index]) }
                return loss()
            }
            let actual = (moved(1) - moved(-1)) / (2 * step), expected = zip(found, direction).reduce(0) { $0 + $1.0 * $1.1 }
            _ = value.buffer.update(fromContentsOf: start)
            #expect(
                abs(actual - expected) < tolerance * size, "\(name): slope \(actual), by its gradient \(expected)", sourceLocation: sourceLocation)
        }
    }

    /// Names the trained tensors of a layer, with their gradients.
    private func trained(_ parameters: ParameterSet) -> [(name: String, value: Tensor, gradient: () -> Tensor?)] {
        parameters.trainable.map { parameter in (parameter.name, parameter.value, { parameter.gradient }) }
    }

    private func zeros(_ tensor: Tensor) -> Tensor {
        let zeros = Tensor(rows: tensor.rows, columns: tensor.columns)
        zeros.fill(0)
        return zeros
    }

    @Test(arguments: [(1, 5, 3), (37, 19, 29), (1100, 7, 11), (130, 70, 135)]) func linear(_ rows: Int, _ inputs: Int, _ outputs: Int) {
        var noise = Noise(1)
        let weight = noise.tensor(outputs, inputs), bias = noise.tensor(1, outputs), x = noise.tensor(rows, inputs), dx = zeros(x)
        let layer = Linear(weight: weight, bias: bias), parameters = ParameterSet()
        parameters.enter(weight, name: "weight", shape: [outputs, inputs], isTrainable: true)
        parameters.enter(bias, name: "bias", shape: [outputs], isTrainable: true)
        parameters.bind(layer, weight: weight, bias: bias) { layer.pack(weight: weight, bias: bias) }
        check(
            Operation(inputs: trained(parameters) + [("x", x, { dx })], rows: rows, columns: outputs) {
                parameters.refresh()
                layer(x, into: $0, in: $1)
            } backward: { layer.backward(x, dy: $0, into: dx, on: Tape(parameters), in: $1) },
            seed: 2)
    }

    /// Of a matrix of its own, and of the first and the last third of one.
    @Test(arguments: [1, 2]) func lowRankUpdate_Unmerged(_ groups: Int) {
        var noise = Noise(3)
        let rank = 3, inputs = 13, part = 10, outputs = groups == 1 ? part : 3 * part, rows = 41
        let weight = noise.tensor(outputs, inputs), frozen = Tensor(rows: outputs, columns: inputs), x = noise.tensor(rows, inputs), dx = zeros(x)
        frozen.copy(from: weight)
        let down = Parameter(name: "A", shape: [groups * rank, inputs], value: noise.tensor(groups * rank, inputs), isTrainable: true)
        let up = Parameter(name: "B", shape: [groups * part, rank], value: noise.tensor(groups * part, rank), isTrainable: true)
        let update = LowRankUpdate(down: down, up: up, groups: groups, frozen: frozen)
        let layer = Linear(weight: weight, bias: nil), parameters = ParameterSet()
        parameters.enter(weight, name: "weight", shape: [outputs, inputs], isTrainable: false, lowRank: update)
        parameters.bind(layer, weight: weight, bias: nil) { layer.pack(weight: weight, bias: nil) }
        check(
            Operation(inputs: trained(parameters) + [("x", x, { dx })], rows: rows, columns: outputs) {
                parameters.refresh()
                layer(x, into: $0, in: $1)
            } backward: {
                parameters.refresh()
                layer.backward(x, dy: $0, into: dx, on: Tape(parameters), in: $1)
            },
            seed: 4)
        #expect(parameters.trainable.map(\.name) == ["A", "B"])
    }

    @Test(arguments: [(1, 8), (70, 13), (5, 256)]) func layerNorm(_ rows: Int, _ channels: Int) {
        var noise = Noise(5)
        let x = noise.tensor(rows, channels), weight = noise.tensor(1, channels), bias = noise.tensor(1, channels), parameters = ParameterSet()
        let norm = LayerNorm(weight: weight, bias: bias, epsilon: 1e-5), slopes = zeros(x)
        parameters.enter(weight, name: "weight", shape: [channels], isTrainable: true)
        parameters.enter(bias, name: "bias", shape: [channels], isTrainable: true)
        check(
            Operation(inputs: trained(parameters) + [("x", x, { slopes })], rows: rows, columns: channels) { y, _ in
                y.copy(from: x)
                norm(y.pointer, rows: rows)
            } backward: {
                slopes.copy(from: $0)
                norm.backward(x, dy: slopes, on: Tape(parameters), in: $1)
            },
            seed: 6)
    }

    @Test(arguments: [Activation.none, .relu, .relu6, .gelu]) func activation(_ kind: Activation) {
        var noise = Noise(7)
        // From −8 to 8, past both bends of ReLU6, but never so near to one that a step crosses it.
        let values = (0..<777).map { _ in 8 * noise.next() }.map { abs($0) < 0.05 || abs($0 - 6) < 0.05 ? $0 + 0.2 : $0 }
        let x = Tensor(rows: 21, columns: 37, values: values), slopes = zeros(x), parameters = ParameterSet()
        var identity = [Float](repeating: 0, count: 37 * 37)
        for index in 0..<37 { identity[index * 38] = 1 }
        let layer = Linear(weight: Tensor(rows: 37, columns: 37, values: identity), bias: nil)
        check(
            Operation(inputs: [("x", x, { slopes })], rows: 21, columns: 37) { layer(x, activation: kind, into: $0, in: $1) } backward: { dy, _ in
                slopes.copy(from: dy)
                activationBackward(kind, x.pointer, dy: slopes.pointer, count: x.count)
            },
            seed: 8)
        withExtendedLifetime(parameters) {}
    }

    @Test(arguments: [(3, 1, 1, 7, 9), (2, 2, 0, 8, 6), (3, 2, 1, 9, 5), (1, 1, 0, 6, 7), (4, 4, 0, 8, 8)])
    func convolution(_ kernel: Int, _ stride: Int, _ padding: Int, _ height: Int, _ width: Int) {
        var noise = Noise(9)
        let inputs = 5, outputs = 11, weight = noise.tensor(outputs, inputs * kernel * kernel), bias = noise.tensor(1, outputs)
        let x = noise.tensor(height * width, inputs), dx = zeros(x), parameters = ParameterSet()
        let layer = Convolution(pytorch: weight, bias: bias, kernel: kernel, stride: stride, padding: padding)
        parameters.enter(weight, name: "weight", shape: [outputs, inputs, kernel, kernel], isTrainable: true)
        parameters.enter(bias, name: "bias", shape: [outputs], isTrainable: true)
        parameters.bind(layer.linear, weight: weight, bias: bias) { layer.pack(pytorch: weight, bias: bias) }
        check(
            Operation(
                inputs: trained(parameters) + [("x", x, { dx })], rows: layer.outputSize(height) * layer.outputSize(width), columns: outputs
            ) {
                parameters.refresh()
                layer(x, height: height, width: width, into: $0, in: $1)
            } backward: { layer.backward(x, height: height, width: width, dy: $0, into: dx, on: Tape(parameters), in: $1) },
            seed: 10)
    }

    @Test func transposedConvolution() {
        var noise = Noise(11)
        let inputs = 9, outputs = 7, tokens = 23, weight = noise.tensor(inputs, 4 * outputs), bias = noise.tensor(1, outputs)
        let x = noise.tensor(tokens, inputs), dx = zeros(x), parameters = ParameterSet(), layer = TransposedConvolution(pytorch: weight, bias: bias)
        parameters.enter(weight, name: "weight", shape: [inputs, outputs, 2, 2], isTrainable: true)
        parameters.enter(bias, name: "bias", shape: [outputs], isTrainable: true)
        parameters.bind(layer, weight: weight, bias: bias)
        check(
            Operation(inputs: trained(parameters) + [("x", x, { dx })], rows: 4 * tokens, columns: outputs) { y, _ in
                parameters.refresh()
                layer(x.pointer, rows: tokens, into: y.pointer)
            } backward: { layer.backward(x, dy: $0, into: dx, on: Tape(parameters), in: $1) },
            seed: 12)
    }

    /// Weights that are multiplied by a factor for each output before a layer sees them: a folded batch norm.
    @Test func foldedWeights() {
        var noise = Noise(13)
        let inputs = 6, outputs = 9, rows = 31, raw = noise.tensor(outputs, inputs), folded = zeros(raw), x = noise.tensor(rows, inputs)
        let factors = (0..<outputs).map { _ in Double(noise.next()) * 3 }, layer = Linear(weight: raw, bias: nil), parameters = ParameterSet()
        parameters.enter(raw, name: "raw", shape: [outputs, inputs], isTrainable: true)
        parameters.enterFolded(folded, of: raw, factors: factors)
        parameters.bind(layer, weight: folded, bias: nil) { layer.pack(weight: folded, bias: nil) }
        check(
            Operation(inputs: trained(parameters), rows: rows, columns: outputs) {
                parameters.refresh()
                layer(x, into: $0, in: $1)
            } backward: {
                layer.backward(x, dy: $0, into: nil, on: Tape(parameters), in: $1)
                parameters.moveFoldedGradients()
            },
            seed: 14)
    }

    @Test(arguments: [(7, 7, 2, 12), (5, 33, 3, 12), (33, 5, 1, 8)]) func attention(_ queries: Int, _ keys: Int, _ heads: Int, _ channels: Int) {
        var noise = Noise(15)
        let q = noise.tensor(queries, channels), k = noise.tensor(keys, channels), v = noise.tensor(keys, channels)
        let dq = zeros(q), dk = zeros(k), dv = zeros(v)
        check(
            Operation(inputs: [("q", q, { dq }), ("k", k, { dk }), ("v", v, { dv })], rows: queries, columns: channels) {
                Tensor.attend(q, k, v, heads: heads, into: $0, in: $1)
            } backward: { attentionBackward(q, k, v, dy: $0, heads: heads, into: dq, dk, dv, in: $1) },
            seed: 16)
    }

    /// The steps between layers, recorded on a tape: x ← x + b, y ← a + x, y ← y.
    @Test(arguments: [1, 17]) func sumsAndCopies(_ rows: Int) throws {
        var noise = Noise(17)
        let a = noise.tensor(17, 6), b = noise.tensor(rows, 6), x = zeros(a), tape = Tape(ParameterSet())
        let y = zeros(a)
        var gradients: [Tensor] = []
        check(
            Operation(inputs: [("a", a, { gradients.first }), ("b", b, { gradients.last })], rows: 17, columns: 6) { result, workspace in
                x.copy(from: a)
                workspace.sum(x, b, into: x)
                workspace.sum(a, x, into: y)
                workspace.copy(y, into: result)
            } backward: { dy, workspace in
                let result = zeros(a)
                workspace.tape = tape
                // Recorded first, so walked last: the gradients are cleared when the way back is done.
                tape.record { _ in gradients = [a, b].map { Tensor(rows: $0.rows, columns: 6, values: tape.gradient(of: $0).values) } }
                workspace.copy(a, into: x)
                workspace.sum(x, b, into: x)
                workspace.sum(a, x, into: y)
                workspace.copy(y, into: result)
                workspace.tape = nil
                tape.gradient(of: result).copy(from: dy)
                tape.backward(in: workspace)
            },
            seed: 18)
    }
}

private extension Tensor {
    /// `Tensor.attention` by another name than the test's own.
    static func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, into y: Tensor, in workspace: Workspace) {
        attention(q, k, v, heads: heads, into: y, in: workspace)
    }
}
