import Testing
@testable import Tensor

/// The way back through a depthwise filter against its definition, in double precision.
struct DepthwiseGradientTests {
    private func ring(_ x: Tensor, height: Int, width: Int, padding: Int) -> (ring: RowRing, memory: Tensor) {
        let memory = Tensor(rows: RowRing.size(slots: height, width: width, channels: x.columns, padding: padding), columns: 1)
        memory.fill(.nan)
        let ring = RowRing(memory.pointer, slots: height, width: width, channels: x.columns, padding: padding)
        for row in 0..<height { ring.row(row).update(from: x.pointer + row * width * x.columns, count: width * x.columns) }
        return (ring, memory)
    }

    @Test(arguments: [
        (3, 1, 16, 10, 13), (3, 2, 8, 10, 13), (5, 1, 24, 19, 6), (5, 2, 11, 9, 12), (7, 1, 5, 8, 7), (5, 2, 8, 1, 1), (3, 2, 8, 2, 3),
    ])
    func gradients_FollowTheirDefinition(_ kernel: Int, _ stride: Int, _ channels: Int, _ height: Int, _ width: Int) throws {
        var noise = Noise(17)
        let weight = noise.tensor(channels, kernel * kernel), bias = noise.tensor(1, channels), padding = kernel / 2
        let layer = DepthwiseConvolution(pytorch: weight, bias: bias, kernel: kernel, stride: stride), parameters = ParameterSet()
        parameters.enter(weight, name: "weight", shape: [channels, 1, kernel, kernel], isTrainable: true)
        parameters.enter(bias, name: "bias", shape: [channels], isTrainable: true)
        parameters.bind(layer.weight, weight: weight, bias: bias) { layer.pack(pytorch: weight) }
        let outHeight = layer.outputSize(height), outWidth = layer.outputSize(width)
        let x = noise.tensor(height * width, channels), dy = noise.tensor(outHeight * outWidth, channels)
        let (input, inputMemory) = ring(x, height: height, width: width, padding: padding)
        let (slopes, slopeMemory) = ring(dy, height: outHeight, width: outWidth, padding: padding)

        var dx = [Double](repeating: 0, count: x.count), dw = [Double](repeating: 0, count: weight.count)
        var db = [Double](repeating: 0, count: channels)
        for out in 0..<dy.rows {
            for channel in 0..<channels {
                let slope = Double(dy[out, channel])
                db[channel] += slope
                for tap in 0..<kernel * kernel {
                    let row = out / outWidth * stride + tap / kernel - padding, column = out % outWidth * stride + tap % kernel - padding
                    guard (0..<height).contains(row), (0..<width).contains(column) else { continue }
                    dx[(row * width + column) * channels + channel] += slope * Double(weight[channel, tap])
                    dw[channel * kernel * kernel + tap] += slope * Double(x[row * width + column, channel])
                }
            }
        }
        for threads in [1, 3] {
            parameters.clearGradients()
            let workspace = Workspace(threads: threads), result = Tensor(rows: x.rows, columns: channels)
            layer.accumulate(input, height: height, width: width, dy: slopes, on: Tape(parameters), in: workspace)
            for row in 0..<height {
                layer.inputGradient(row: row, width: width, dy: slopes, outHeight: outHeight, into: result.pointer + row * width * channels)
            }
            // Sums of up to 200 products below 1.
            expectClose(result.values, dx.map(Float.init), within: 1e-5, "∂x")
            expectClose(try #require(parameters.gradient(of: weight)).values, dw.map(Float.init), within: 1e-4, "∂w")
            expectClose(try #require(parameters.gradient(of: bias)).values, db.map(Float.init), within: 1e-4, "∂b")
        }
        withExtendedLifetime((inputMemory, slopeMemory)) {}
    }
}
