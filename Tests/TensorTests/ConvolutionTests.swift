import Testing
@testable import Tensor

/// Convolutions against the definition, in double precision, in PyTorch's layouts.
struct ConvolutionTests {
    struct Shape: CustomTestStringConvertible {
        var kernel: Int, stride: Int, padding: Int, inputs = 3, outputs = 10, height = 9, width = 12
        var testDescription: String { "\(kernel)×\(kernel) stride \(stride) padding \(padding)" }
    }

    /// Σ over taps of x[y·s + ky − p][x·s + kx − p][in] · w[out][in][ky][kx].
    func reference(_ x: Tensor, _ weight: Tensor, _ bias: Tensor, _ s: Shape, at y: Int, _ column: Int, _ out: Int) -> Double {
        var sum = Double(bias[0, out])
        for input in 0..<s.inputs {
            for ky in 0..<s.kernel {
                for kx in 0..<s.kernel {
                    let row = y * s.stride + ky - s.padding, at = column * s.stride + kx - s.padding
                    guard (0..<s.height).contains(row), (0..<s.width).contains(at) else { continue }
                    sum += Double(x[row * s.width + at, input]) * Double(weight[out, (input * s.kernel + ky) * s.kernel + kx])
                }
            }
        }
        return sum
    }

    @Test(arguments: [
        Shape(kernel: 3, stride: 1, padding: 1), Shape(kernel: 3, stride: 2, padding: 1),
        Shape(kernel: 2, stride: 2, padding: 0), Shape(kernel: 5, stride: 3, padding: 2, inputs: 1),
        Shape(kernel: 3, stride: 1, padding: 1, height: 60, width: 61),
    ])
    func convolution_FollowsItsDefinition(_ shape: Shape) {
        var noise = Noise(7)
        let x = noise.tensor(shape.height * shape.width, shape.inputs)
        let weight = noise.tensor(shape.outputs, shape.inputs * shape.kernel * shape.kernel)
        let bias = noise.tensor(1, shape.outputs)
        let layer = Convolution(pytorch: weight, bias: bias, kernel: shape.kernel, stride: shape.stride, padding: shape.padding)
        let height = layer.outputSize(shape.height), width = layer.outputSize(shape.width)
        let y = Tensor(rows: height * width, columns: shape.outputs)
        layer(x, height: shape.height, width: shape.width, into: y, in: Workspace(threads: 2))
        let expected = (0..<y.count).map { index in
            Float(reference(x, weight, bias, shape, at: index / shape.outputs / width, index / shape.outputs % width, index % shape.outputs))
        }
        expectClose(y.values, expected, within: 1e-5)
    }

    @Test(arguments: [(3, 1, 16), (3, 2, 8), (5, 1, 24), (5, 2, 11), (7, 1, 5)])
    func depthwise_FollowsItsDefinition(_ kernel: Int, _ stride: Int, _ channels: Int) {
        var noise = Noise(11)
        let (height, width, padding) = (10, 13, kernel / 2)
        let x = noise.tensor(height * width, channels), weight = noise.tensor(channels, kernel * kernel)
        let bias = noise.tensor(1, channels)
        let layer = DepthwiseConvolution(pytorch: weight, bias: bias, kernel: kernel, stride: stride)
        let memory = Tensor(rows: RowRing.size(slots: height, width: width, channels: channels, padding: padding), columns: 1)
        memory.fill(.nan)
        let ring = RowRing(memory.pointer, slots: height, width: width, channels: channels, padding: padding)
        for row in 0..<height { ring.row(row).update(from: x.pointer + row * width * channels, count: width * channels) }
        let outWidth = layer.outputSize(width)
        let line = Tensor(rows: outWidth, columns: channels)
        for y in 0..<layer.outputSize(height) {
            ring.withWindow(top: y * stride - padding, kernel: kernel, height: height) {
                layer.row($0, width: outWidth, into: line.pointer)
            }
            for column in 0..<outWidth {
                for channel in 0..<channels {
                    var sum = Double(bias[0, channel])
                    for tap in 0..<kernel * kernel {
                        let row = y * stride + tap / kernel - padding, at = column * stride + tap % kernel - padding
                        guard (0..<height).contains(row), (0..<width).contains(at) else { continue }
                        sum += Double(x[row * width + at, channel]) * Double(weight[channel, tap])
                    }
                    #expect(abs(Double(line[column, channel]) - sum) < 1e-5)
                }
            }
        }
    }

    @Test func transposed_FollowsItsDefinition_ThroughTwoLevels() {
        var noise = Noise(13)
        let grid = 3
        let x = noise.tensor(grid * grid, 6), w1 = noise.tensor(6, 4 * 4), w2 = noise.tensor(4, 2 * 4)
        let b1 = noise.tensor(1, 4), b2 = noise.tensor(1, 2)
        let first = Tensor(rows: 4 * grid * grid, columns: 4), second = Tensor(rows: 16 * grid * grid, columns: 2)
        TransposedConvolution(pytorch: w1, bias: b1)(x.pointer, rows: x.rows, into: first.pointer)
        TransposedConvolution(pytorch: w2, bias: b2)(first.pointer, rows: first.rows, into: second.pointer)
        var seen: Set<Int> = []
        for row in 0..<second.rows {
            let (px, py) = TransposedConvolution.quadPosition(row, levels: 2, width: grid)
            seen.insert(py * 4 * grid + px)
            for out in 0..<2 {
                var sum = Double(b2[0, out])
                for middle in 0..<4 {
                    var inner = Double(b1[0, middle])
                    for input in 0..<6 {
                        inner += Double(x[py / 4 * grid + px / 4, input])
                            * Double(w1[input, middle * 4 + (py / 2 % 2) * 2 + px / 2 % 2])
                    }
                    sum += inner * Double(w2[middle, out * 4 + (py % 2) * 2 + px % 2])
                }
                #expect(abs(Double(second[row, out]) - sum) < 1e-5)
            }
        }
        #expect(seen == Set(0..<16 * grid * grid))
    }
}
