import Foundation
import Imaging
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
        var region: RegionReport?
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
            return lines + (region?.lines ?? []) + peers.map(\.line)
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
        func timed(_ body: () -> Void) -> Double {
            let start = clock.monotonicNs()
            workspace.pass(body)
            return Double(clock.monotonicNs() - start) / 1e6
        }
        func round() -> Double { timed { encoder(input, into: embedding, in: workspace) } }
        let part = try command.region.map { try tokens(of: $0.rect, encoder, configuration, model: options.model) }
        let peers = try command.peer.map { try BenchmarkPeer(command: $0) }
        let warm = round(), rounds = command.rounds(of: warm * Double(1 + peers.count))
        for peer in peers { _ = try peer.round() }
        var parts: [Double] = []
        var ours: [Double] = []
        let theirs = try BenchmarkPeer.inTurns(peers, rounds: rounds) {
            ours.append(round())
            if let part {
                parts.append(timed { part.encoder(input, tokens: part.tokens, into: embedding.rows(0..<part.tokens.count), in: workspace) })
            }
        }
        let encoderMs = ours.median, residentMB = Machine.residentBytes.map { Double($0) / 1e6 }
        let peakMB = Machine.peakResidentBytes.map { Double($0) / 1e6 }
        let operations = encoder.products.reduce(0) { $0 + $1.operations }
        return Report(
            machine: Machine.description, model: "\(options.model) \(checkpoint.base.contentHash().prefix(12))\(options.adapter.map { " + \($0)" } ?? "")",
            configuration: configuration, threads: options.threads, rounds: rounds, encoderMs: encoderMs,
            gigaOperations: operations > 0 ? operations / 1e9 : nil, encoderGFLOPS: operations > 0 ? operations / encoderMs / 1e6 : nil,
            productGFLOPS: operations > 0 ? openBLASRate(of: encoder.products, in: workspace) : nil,
            residentMB: residentMB, peakMB: peakMB,
            region: part.map { $0.report(milliseconds: parts.median, whole: encoderMs) },
            peers: zip(peers, theirs).map { PeerResult(name: $0.name, times: $1, ours: encoderMs) })
    }

    /// A part of the input, and what encodes it.
    private struct Part {
        var rect: PixelRect
        var encoder: any WindowedEncoder
        var tokens: TokenSet

        func report(milliseconds: Double, whole: Double) -> RegionReport {
            RegionReport(
                region: [rect.x, rect.y, rect.width, rect.height], windows: tokens.windows, allWindows: tokens.allWindows,
                share: tokens.share, milliseconds: milliseconds, ofWhole: milliseconds / whole)
        }
    }

    private static func tokens(
        of rect: PixelRect, _ encoder: any ImageEncoder, _ configuration: ModelConfiguration, model: String
    ) throws -> Part {
        let side = configuration.imageSize, picture = PixelSize(width: side, height: side)
        let windowed = encoder as? any WindowedEncoder
        try RegionReport.check(rect, on: picture, model: model, windows: windowed?.windows.count ?? 1)
        guard let windowed,
            let tokens = windowed.windows.tokens(of: configuration.layout.geometry(of: picture), where: { $0.intersection(rect) != nil })
        else { throw InvalidInput("--region: that touches every window of the input, so nothing can be left out") }
        return Part(rect: rect, encoder: windowed, tokens: tokens)
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
            seconds += Double(count) * Double(times.median) / 1e9 / Double(repeats)
            operations += Double(count) * size.operations
        }
        return operations / seconds / 1e9
    }
}
