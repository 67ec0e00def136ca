import Foundation
import Testing
@testable import Tensor

/// Kernels against plain loops in double precision. Sums of n products of numbers below 1 differ by about n · 6e-8.
struct KernelTests {
    @Test func exponential_IsWithinTwoUlp_OverItsRange() {
        for step in -870...880 {
            let x = Float(step) / 10
            let actual = exponential(Float8(repeating: x))[0], expected = exp(Double(x))
            #expect(abs(Double(actual) - expected) <= 2.5e-7 * expected, "e^\(x)")
        }
        #expect(exponential(Float8(repeating: -200))[0] == 0)
        #expect(exponential(Float8(repeating: 1000))[0].isFinite)
    }

    @Test func gelu_FollowsItsFormula() {
        for step in -120...120 {
            let x = Double(step) / 10, lanes = Float8(repeating: Float(x))
            #expect(abs(Double(gelu(lanes)[0]) - x / 2 * (1 + erf(x / 2.0.squareRoot()))) < 1e-6, "gelu \(x)")
        }
    }

    @Test(arguments: [1, 3, 8, 13, 40])
    func softmax_SumsToOne_AndKeepsRatios(_ count: Int) {
        var noise = Noise(UInt64(count))
        let x = noise.tensor(1, count), before = x.values
        softmaxRow(x.pointer, count: count, scale: 3)
        let total = before.reduce(0.0) { $0 + exp(3 * Double($1)) }
        expectClose(x.values, before.map { Float(exp(3 * Double($0)) / total) }, within: 1e-6)
    }

    @Test func softmaxRow_StaysFinite_ForHugeScores() {
        let x = Tensor(rows: 1, columns: 9, values: [1e6, -1e6, 0, 3, 1e6, 5, 5, 5, 5])
        softmaxRow(x.pointer, count: 9)
        expectClose(x.values, [0.5, 0, 0, 0, 0.5, 0, 0, 0, 0], within: 1e-7)
    }

    @Test(arguments: [1, 7, 8, 19])
    func softmaxColumns_EqualsSoftmaxOfTheTransposed(_ columns: Int) {
        var noise = Noise(5)
        let x = noise.tensor(6, columns), offsets = noise.tensor(1, 6), before = x
        let copy = Tensor(rows: 6, columns: columns, values: before.values)
        softmaxColumns(x.pointer, rows: 6, columns: columns, offsets: offsets.pointer)
        for column in 0..<columns {
            let line = Tensor(rows: 1, columns: 6, values: (0..<6).map { copy[$0, column] + offsets[0, $0] })
            softmaxRow(line.pointer, count: 6)
            expectClose((0..<6).map { x[$0, column] }, line.values, within: 1e-6)
        }
    }

    @Test(arguments: [4, 8, 16, 43])
    func layerNorm_HasMeanZeroAndVarianceOne_BeforeItsWeights(_ columns: Int) {
        var noise = Noise(9)
        let x = noise.tensor(5, columns)
        let one = Tensor(rows: 1, columns: columns), zero = Tensor(rows: 1, columns: columns)
        one.fill(1)
        zero.fill(0)
        layerNorm(x.pointer, rows: 5, columns: columns, weight: one, bias: zero, epsilon: 0)
        for row in 0..<5 {
            let line = (0..<columns).map { Double(x[row, $0]) }
            #expect(abs(line.reduce(0, +) / Double(columns)) < 1e-6)
            #expect(abs(line.reduce(0) { $0 + $1 * $1 } / Double(columns) - 1) < 1e-4)
        }
    }

    @Test(arguments: [Activation.none, .relu, .relu6, .gelu])
    func linear_IsProductPlusBias_ThenActivation(_ activation: Activation) {
        var noise = Noise(3)
        let x = noise.tensor(300, 21), weight = noise.tensor(13, 21), bias = noise.tensor(1, 13)
        let y = Tensor(rows: 300, columns: 13)
        Linear(weight: weight, bias: bias)(x, activation: activation, into: y, in: Workspace(threads: 2))
        let expected = (0..<300 * 13).map { index -> Float in
            let (row, out) = (index / 13, index % 13)
            let sum = (0..<21).reduce(Double(bias[0, out])) { $0 + Double(x[row, $1]) * Double(weight[out, $1]) }
            switch activation {
            case .none: return Float(sum)
            case .relu: return Float(max(sum, 0))
            case .relu6: return Float(min(max(sum, 0), 6))
            case .gelu: return Float(sum / 2 * (1 + erf(sum / 2.0.squareRoot())))
            }
        }
        expectClose(y.values, expected, within: 1e-5)
    }

    @Test func dot_AndSum_CoverEveryTail() {
        for count in 0..<70 {
            var noise = Noise(UInt64(count) + 1)
            let a = noise.tensor(1, count), b = noise.tensor(1, count)
            let expected = zip(a.values, b.values).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(abs(Double(dot(a.pointer, b.pointer, count: count)) - expected) < 1e-5)
            #expect(abs(Double(sum(a.pointer, count: count)) - a.values.reduce(0.0) { $0 + Double($1) }) < 1e-5)
        }
    }

    @Test func transpose_SwapsRowsAndColumns() {
        var noise = Noise(2)
        let x = noise.tensor(11, 19), y = Tensor(rows: 19, columns: 11)
        transpose(x.pointer, rows: 11, columns: 19, stride: 19, into: y.pointer, stride: 11)
        for row in 0..<11 { for column in 0..<19 { #expect(y[column, row] == x[row, column]) } }
    }
}
