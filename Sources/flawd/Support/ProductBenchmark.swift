import Foundation
import SelfPerception
import Service
import Tensor

/// `flawd bench products`: the kernel of linear layers beside OpenBLAS, one thread, at nano's and ViT-B's sizes.
enum ProductBenchmark {
    struct Report: BenchmarkReport {
        struct Row: Encodable {
            var rows: Int
            var outputs: Int
            var inputs: Int
            var kernelGFLOPS: Double
            var openBLASGFLOPS: Double
            /// Kernel's time over OpenBLAS's.
            var ratio: Double
        }

        var machine: String
        var sizes: [Row]

        var lines: [String] {
            ["rows × inputs → outputs: kernel and OpenBLAS in GFLOP/s, one thread; time ratio"]
                + sizes.map {
                    "\($0.rows) × \($0.inputs) → \($0.outputs): \(fixed($0.kernelGFLOPS, 1)), \(fixed($0.openBLASGFLOPS, 1)); \(fixed($0.ratio, 2))"
                }
        }
    }

    private static let sizes = [
        (256, 96, 16), (256, 144, 24), (256, 240, 40), (256, 480, 80), (256, 80, 480), (256, 672, 112), (256, 112, 672),
        (256, 1152, 192), (256, 192, 1152), (256, 320, 1152), (256, 256, 256), (256, 2304, 768), (256, 768, 3072),
    ]

    static func run(rounds: Int) -> Report {
        let clock = PipelineClock.system, workspace = Workspace(threads: 1)
        let rows = sizes.map { rows, outputs, inputs -> Report.Row in
            let x = Tensor(rows: rows, columns: inputs), weight = Tensor(rows: outputs, columns: inputs)
            let y = Tensor(rows: rows, columns: outputs)
            for index in 0..<x.count { x.pointer[index] = Float(index % 7) - 3 }
            for index in 0..<weight.count { weight.pointer[index] = Float(index % 5) - 2 }
            let layer = Linear(weight: weight, bias: nil)
            var ours: [Int64] = [], theirs: [Int64] = []
            for _ in 0..<rounds {
                let start = clock.monotonicNs()
                layer(x, into: y, in: workspace)
                let middle = clock.monotonicNs()
                product(
                    m: rows, n: outputs, k: inputs, x.pointer, inputs, weight.pointer, inputs, transposeB: true,
                    into: y.pointer, outputs)
                ours.append(middle - start)
                theirs.append(clock.monotonicNs() - middle)
            }
            func rate(_ times: [Int64]) -> Double { 2 * Double(rows * outputs * inputs) / Double(times.median) }
            return .init(
                rows: rows, outputs: outputs, inputs: inputs, kernelGFLOPS: rate(ours), openBLASGFLOPS: rate(theirs),
                ratio: rate(theirs) / rate(ours))
        }
        return Report(machine: Machine.description, sizes: rows)
    }
}
