import Foundation
import SegmentAnything
import SelfPerception
import Service
import Tensor

/// `flawd bench encoder`: a normalised picture to its embedding, in turns with peers, beside the rate of OpenBLAS's products.
enum EncoderBenchmark {
    struct Report: BenchmarkReport {
        var machine: String
        var model: String
        var configuration: ModelConfiguration
        var threads: Int
        var rounds: Int
        var encoderMs: Double
        /// Of the encoder's matrix products, all threads together; nil where it is not made of them.
        var gigaOperations: Double?
        var encoderGFLOPS: Double?
        /// OpenBLAS on the same matrix sizes, all threads together: the limit.
        var productGFLOPS: Double?
        var residentMB: Double?
        var peakMB: Double?
        var peers: [PeerResult]

        var lines: [String] {
            let size = configuration.imageSize
            var lines = [
                "model \(model), \(threads) threads, input \(size)×\(size), medians of \(rounds) rounds",
                "encoder: \(fixed(encoderMs, 1)) ms",
            ]
            if let operations = gigaOperations, let own = encoderGFLOPS, let limit = productGFLOPS {
                lines.append(
                    "matrix products: \(fixed(operations, 0)) GFLOP, \(fixed(own, 1)) GFLOP/s in the whole encoder; OpenBLAS alone on the same sizes \(fixed(limit, 1)) GFLOP/s: \(fixed(100 * own / limit, 0))% of it")
            }
            if let residentMB, let peakMB { lines.append("resident memory: \(fixed(residentMB, 0)) MB, at most \(fixed(peakMB, 0)) MB") }
            return lines + peers.map(\.line)
        }

        var noted: (subject: BenchCommand.Subject, model: ModelConfiguration, milliseconds: Double)? {
            (.encoder, configuration, encoderMs)
        }
    }

    static func run(_ command: BenchCommand) throws -> Report {
        let options = command.model, path = try SPTModel.path(of: options.model)
        let checkpoint = try Checkpoint(base: SafeTensorsFile(path: path), adapter: options.adapter.map { try SafeTensorsFile(path: $0) })
        let encoder = try checkpoint.imageEncoder(), configuration = checkpoint.configuration
        let workspace = Workspace(threads: options.threads), clock = PipelineClock.system
        let input = Tensor(rows: configuration.imageSize * configuration.imageSize, columns: 3)
        var noise = SystemRandomNumberGenerator()
        for index in 0..<input.count { input.pointer[index] = Float.random(in: -2...2, using: &noise) }
        let embedding = Tensor(rows: configuration.gridSize * configuration.gridSize, columns: configuration.transformerDim)
        func round() -> Double {
            let start = clock.monotonicNs()
            workspace.pass { encoder(input, into: embedding, in: workspace) }
            return Double(clock.monotonicNs() - start) / 1e6
        }
        let peers = try command.peer.map { try BenchmarkPeer(command: $0) }
        let warm = round(), rounds = command.rounds(of: warm * Double(1 + peers.count))
        for peer in peers { _ = try peer.round() }
        var ours: [Double] = [], theirs = peers.map { _ in [Double]() }
        for done in 0..<rounds {
            ours.append(round())
            for (index, peer) in peers.enumerated() {
                theirs[index].append(try peer.round())
                // A peer's threads may spin for a while after its last round.
                Thread.sleep(forTimeInterval: 0.1)
            }
            Terminal.progress("bench: \(done + 1) of \(rounds) rounds")
        }
        Terminal.progress("")
        let encoderMs = ours.sorted()[rounds / 2], residentMB = Machine.residentBytes.map { Double($0) / 1e6 }
        let peakMB = Machine.peakResidentBytes.map { Double($0) / 1e6 }
        let operations = encoder.products.reduce(0) { $0 + $1.operations }
        return Report(
            machine: Machine.description, model: "\(options.model) \(checkpoint.base.contentHash().prefix(12))\(options.adapter.map { " + \($0)" } ?? "")",
            configuration: configuration, threads: options.threads, rounds: rounds, encoderMs: encoderMs,
            gigaOperations: operations > 0 ? operations / 1e9 : nil, encoderGFLOPS: operations > 0 ? operations / encoderMs / 1e6 : nil,
            productGFLOPS: operations > 0 ? openBLASRate(of: encoder.products, in: workspace) : nil,
            residentMB: residentMB, peakMB: peakMB,
            peers: zip(peers, theirs).map { PeerResult(name: $0.name, times: $1, ours: encoderMs) })
    }

    /// GFLOP/s of OpenBLAS over all products, every thread at its own share of a product's rows.
    private static func openBLASRate(of products: [ProductSize], in workspace: Workspace) -> Double {
        let clock = PipelineClock.system, threads = workspace.threads
        var counts: [ProductSize: Int] = [:]
        for size in products { counts[size, default: 0] += 1 }
        var seconds = 0.0, operations = 0.0
        for (size, count) in counts {
            let x = Tensor(rows: size.rows, columns: size.inputs), weight = Tensor(rows: size.outputs, columns: size.inputs)
            x.fill(0.5)
            weight.fill(0.25)
            let y = Tensor(rows: size.rows, columns: size.outputs)
            // Small products are repeated, so that the clock and the start of the threads do not show.
            let repeats = max(1, Int(2e9 / size.operations)), share = (size.rows + threads - 1) / threads
            var times: [Int64] = []
            for _ in 0..<5 {
                let start = clock.monotonicNs()
                workspace.parallelRows(size.rows, tile: share) { rows, _ in
                    for _ in 0..<repeats {
                        product(
                            m: rows.count, n: size.outputs, k: size.inputs, x.pointer + rows.lowerBound * size.inputs, size.inputs,
                            weight.pointer, size.inputs, transposeB: true, into: y.pointer + rows.lowerBound * size.outputs, size.outputs)
                    }
                }
                times.append(clock.monotonicNs() - start)
            }
            seconds += Double(count) * Double(times.sorted()[2]) / 1e9 / Double(repeats)
            operations += Double(count) * size.operations
        }
        return operations / seconds / 1e9
    }
}
