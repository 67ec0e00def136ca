import Imaging
import Testing
@testable import SelfPerception
@testable import Tensor

/// The way back through the visual relation and the VRA-Adapter, by central differences along directions that are half the
/// gradient's and half random.
struct RelationGradientTests {
    private static let tokens = 21, channels = 16

    private struct Values {
        let embedding: Tensor
        let keys: Tensor
        let scale: Tensor
        let weights: Tensor
    }

    /// Tokens in three bundles: cosines are near 1 or near −½, so that no entry of R comes near a threshold between the two.
    private func values() -> Values {
        var generator = SeededGenerator(seed: 14)
        func noise(_ rows: Int) -> Tensor {
            let tensor = Tensor(rows: rows, columns: Self.channels)
            for index in 0..<tensor.count { tensor.pointer[index] = generator.signed() }
            return tensor
        }
        let embedding = noise(Self.tokens)
        let directions: [(Float, Float)] = [(1, 0), (-0.5, 0.866), (-0.5, -0.866)]
        for token in 0..<Self.tokens {
            let row = embedding.pointer + token * Self.channels, direction = directions[token % 3]
            for channel in 0..<Self.channels { row[channel] *= 0.1 }
            row[0] += (1 + Float(token) / 10) * direction.0
            row[1] += (1 + Float(token) / 10) * direction.1
        }
        return Values(embedding: embedding, keys: noise(Self.tokens), scale: noise(1), weights: noise(Self.tokens))
    }

    /// α = 1 cuts all but a token's own bundle away.
    @Test(arguments: [Float(0), 1]) func gradients_AreTheSlopesOfTheLoss(_ alpha: Float) throws {
        let values = values(), parameters = ParameterSet(), tape = Tape(parameters), workspace = Workspace(threads: 2)
        parameters.enter(values.scale, name: "scale", shape: [Self.channels], isTrainable: true)
        let relation = VisualRelation(tokens: Self.tokens, channels: Self.channels), adapted = Tensor(rows: Self.tokens, columns: Self.channels)
        func loss() -> Double {
            relation.update(embedding: values.embedding, alpha: alpha, in: workspace)
            relation.adapt(values.keys, scale: values.scale, into: adapted, in: workspace)
            return zip(adapted.buffer, values.weights.buffer).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        _ = loss()
        #expect(relation.dense().count { $0 > 0 } == Self.tokens * (alpha > 0 ? 6 : 20))

        var gradients: [[Float]] = []
        workspace.tape = tape
        // Recorded first, so walked last: the gradients are cleared when the way back is done.
        tape.record { _ in gradients = [tape.gradient(of: values.embedding).values, tape.gradient(of: values.keys).values] }
        _ = loss()
        tape.gradient(of: adapted).copy(from: values.weights)
        tape.backward(in: workspace)
        workspace.tape = nil
        gradients.append(try #require(parameters.gradient(of: values.scale)).values)

        var generator = SeededGenerator(seed: 15)
        for (name, tensor, gradient) in zip3(["embedding", "keys", "scale"], [values.embedding, values.keys, values.scale], gradients) {
            let slope = gradient.map(Double.init), size = slope.reduce(0) { $0 + $1 * $1 }.squareRoot(), start = tensor.values
            let random = slope.map { _ in Double(generator.signed()) }, spread = random.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let direction = zip(slope, random).map { $0 / size + $1 / spread }, reach = 1e-2
            func moved(_ sign: Double) -> Double {
                for index in start.indices { tensor.pointer[index] = start[index] + Float(sign * reach * direction[index]) }
                return loss()
            }
            let actual = (moved(1) - moved(-1)) / (2 * reach), expected = zip(slope, direction).reduce(0) { $0 + $1.0 * $1.1 }
            _ = tensor.buffer.update(fromContentsOf: start)
            #expect(size > 0.01 && abs(actual - expected) < 5e-3 * size, "\(name): slope \(actual), by its gradient \(expected), |g| \(size)")
        }
    }

    private func zip3<A, B, C>(_ a: [A], _ b: [B], _ c: [C]) -> [(A, B, C)] { zip(zip(a, b), c).map { ($0.0, $0.1, $1) } }
}
