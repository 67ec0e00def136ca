import Foundation
import Testing
@testable import SegmentAnything
@testable import Tensor

/// A block's two roads, streaming a ring of rows and holding the widened picture whole, give the same result to the bit.
struct InvertedResidualTests {
    struct Shape: CustomTestStringConvertible {
        var size: Int, kernel: Int, stride: Int, channels = 8, outputs = 8, activation = Activation.relu6
        var testDescription: String {
            "\(size)×\(size), kernel \(kernel), stride \(stride), \(channels) → \(outputs), \(activation)"
        }
    }

    static func tensor(_ rows: Int, _ columns: Int, _ seed: Int) -> Tensor {
        Tensor(
            rows: rows, columns: columns,
            values: (0..<rows * columns).map { Float((($0 &+ seed) &* 2_654_435_761) % 2001) / 1000 - 1 })
    }

    static func block(_ shape: Shape) -> InvertedResidual {
        let hidden = 3 * shape.channels, taps = shape.kernel * shape.kernel
        return InvertedResidual(
            source: .pointwise(Linear(weight: tensor(hidden, shape.channels, 1), bias: tensor(1, hidden, 2))),
            depthwise: DepthwiseConvolution(
                pytorch: tensor(hidden, taps, 3), bias: tensor(1, hidden, 4), kernel: shape.kernel, stride: shape.stride),
            project: Linear(weight: tensor(shape.outputs, hidden, 5), bias: tensor(1, shape.outputs, 6)),
            skips: shape.stride == 1 && shape.channels == shape.outputs, activation: shape.activation,
            lastActivation: shape.activation == .gelu ? .gelu : .none)
    }

    @Test(arguments: [
        Shape(size: 1, kernel: 3, stride: 1), Shape(size: 2, kernel: 5, stride: 2), Shape(size: 5, kernel: 5, stride: 1),
        Shape(size: 11, kernel: 3, stride: 2), Shape(size: 12, kernel: 3, stride: 1), Shape(size: 13, kernel: 5, stride: 2, outputs: 24),
        Shape(size: 33, kernel: 5, stride: 1, outputs: 16), Shape(size: 40, kernel: 3, stride: 2, channels: 16),
        Shape(size: 70, kernel: 5, stride: 1), Shape(size: 100, kernel: 5, stride: 2, outputs: 40), Shape(size: 130, kernel: 3, stride: 1),
        Shape(size: 13, kernel: 3, stride: 1, activation: .gelu), Shape(size: 70, kernel: 3, stride: 2, activation: .gelu),
        Shape(size: 150, kernel: 3, stride: 1, channels: 64, outputs: 64, activation: .gelu),
    ])
    func streamed_EqualsWhole(_ shape: Shape) {
        let block = Self.block(shape), x = Self.tensor(shape.size * shape.size, shape.channels, 7)
        let out = block.outputSize(shape.size)
        var results: [[Float]] = []
        for threads in [1, 3] {
            let workspace = Workspace(threads: threads)
            let y = Tensor(rows: out * out, columns: shape.outputs), z = Tensor(rows: out * out, columns: shape.outputs)
            block.streamed(x, size: shape.size, wide: block.wideSize(shape.size), into: y, in: workspace)
            block.whole(x, size: shape.size, wide: block.wideSize(shape.size), into: z, in: workspace)
            results += [Array(y.buffer), Array(z.buffer)]
        }
        for result in results { #expect(result == results[0]) }
    }

    @Test(arguments: [Activation.relu6, .gelu]) func block_FollowsItsDefinition(_ activation: Activation) {
        let shape = Shape(size: 9, kernel: 3, stride: 1, activation: activation), block = Self.block(shape), side = shape.size, hidden = 24
        let x = Self.tensor(side * side, 8, 7), y = Tensor(rows: side * side, columns: 8)
        block(x, size: side, into: y, in: Workspace(threads: 2))
        let (we, be, wd, bd) = (Self.tensor(hidden, 8, 1), Self.tensor(1, hidden, 2), Self.tensor(hidden, 9, 3), Self.tensor(1, hidden, 4))
        let (wp, bp) = (Self.tensor(8, hidden, 5), Self.tensor(1, 8, 6))
        func gelu(_ value: Double) -> Double { value / 2 * (1 + erf(value / 2.0.squareRoot())) }
        func active(_ value: Double) -> Double { activation == .gelu ? gelu(value) : min(max(value, 0), 6) }
        func wide(_ row: Int, _ column: Int, _ channel: Int) -> Double {
            guard (0..<side).contains(row), (0..<side).contains(column) else { return 0 }
            return active((0..<8).reduce(Double(be.pointer[channel])) {
                $0 + Double(x.pointer[(row * side + column) * 8 + $1]) * Double(we.pointer[channel * 8 + $1])
            })
        }
        for row in 0..<side {
            for column in 0..<side {
                let filtered = (0..<hidden).map { channel in
                    active((0..<9).reduce(Double(bd.pointer[channel])) {
                        $0 + wide(row + $1 / 3 - 1, column + $1 % 3 - 1, channel) * Double(wd.pointer[channel * 9 + $1])
                    })
                }
                for out in 0..<8 {
                    let at = (row * side + column) * 8 + out
                    let sum = (0..<hidden).reduce(Double(bp.pointer[out]) + Double(x.pointer[at])) {
                        $0 + filtered[$1] * Double(wp.pointer[out * hidden + $1])
                    }
                    #expect(abs(Double(y.pointer[at]) - (activation == .gelu ? gelu(sum) : sum)) < 1e-4)
                }
            }
        }
    }
}
