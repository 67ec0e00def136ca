import Testing
@testable import Tensor

struct LinearTests {
    /// Rows, inputs, outputs: sums in one piece and in slices, rows in whole register tiles, with a rest, and fewer than one.
    private static let shapes = [(12, 24, 32), (131, 900, 48), (7, 400, 16), (3, 700, 16), (64, 1024, 40)]

    @Test(arguments: shapes)
    func linear_FollowsItsDefinition(rows: Int, inputs: Int, outputs: Int) {
        var noise = Noise(29)
        let x = noise.tensor(rows, inputs), weight = noise.tensor(outputs, inputs), bias = noise.tensor(1, outputs)
        let y = Tensor(rows: rows, columns: outputs)
        Linear(weight: weight, bias: bias)(x.pointer, rows: rows, activation: .relu, into: y.pointer)
        for row in 0..<rows {
            for output in 0..<outputs {
                let sum = (0..<inputs).reduce(Double(bias.pointer[output])) { $0 + Double(x[row, $1]) * Double(weight[output, $1]) }
                // A thousand terms of size 1, rounded at each addition.
                #expect(abs(Double(y[row, output]) - max(0, sum)) < 1e-3)
            }
        }
    }

    @Test(arguments: [HalfFormat.float16, .bfloat16])
    func halfWeights_GiveTheResultsOfTheFloatsTheyStandFor(format: HalfFormat) {
        var noise = Noise(31)
        for (rows, inputs, outputs) in Self.shapes where outputs % 16 == 0 {
            let x = noise.tensor(rows, inputs), weight = noise.tensor(outputs, inputs), bias = noise.tensor(1, outputs)
            for index in 0..<weight.count {
                let value = weight.pointer[index]
                weight.pointer[index] = format == .float16 ? Float(Float16(value)) : Float(bitPattern: value.bitPattern & 0xFFFF_0000)
            }
            let exact = Tensor(rows: rows, columns: outputs), halved = Tensor(rows: rows, columns: outputs)
            Linear(weight: weight, bias: bias)(x.pointer, rows: rows, activation: .gelu, into: exact.pointer)
            Linear(weight: weight, bias: bias, half: format)(x.pointer, rows: rows, activation: .gelu, into: halved.pointer)
            #expect(exact.values == halved.values, "\(rows) × \(inputs) → \(outputs)")
        }
    }
}
