import Foundation
import SelfPerception
import Service

/// A program that is timed in turns with flawd: it prints its name, then for each line it reads runs once and prints the
/// milliseconds that took.
final class BenchmarkPeer {
    let name: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var pending: [UInt8] = []

    init(command: String) throws {
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exec \(command)"]
        process.standardInput = input
        process.standardOutput = output
        do { try process.run() } catch { throw InvalidInput("peer `\(command)`: \(error.localizedDescription)") }
        name = try Self.line(from: output.fileHandleForReading, pending: &pending, of: command)
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.terminate()
        process.waitUntilExit()
    }

    /// Milliseconds of one run.
    func round() throws -> Double {
        try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
        let text = try Self.line(from: output.fileHandleForReading, pending: &pending, of: name)
        guard let milliseconds = Double(text), milliseconds > 0 else { throw InvalidInput("peer \(name): printed `\(text)`, not milliseconds") }
        return milliseconds
    }

    /// Runs `ours` and then each peer once, round after round.
    ///
    /// - Returns: each peer's milliseconds.
    static func inTurns(_ peers: [BenchmarkPeer], rounds: Int, _ ours: () -> Void) throws -> [[Double]] {
        var theirs = peers.map { _ in [Double]() }
        for done in 0..<rounds {
            ours()
            for (index, peer) in peers.enumerated() {
                theirs[index].append(try peer.round())
                // A peer's threads may spin for a while after its last round.
                Thread.sleep(forTimeInterval: 0.1)
            }
            Terminal.progress("bench: \(done + 1) of \(rounds) rounds")
        }
        Terminal.progress("")
        return theirs
    }

    private static func line(from handle: FileHandle, pending: inout [UInt8], of name: String) throws -> String {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending.removeFirst(end + 1) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            let data = handle.availableData
            guard !data.isEmpty, pending.count < 65_536 else { throw InvalidInput("peer \(name): ended, or printed no line") }
            pending += data
        }
    }
}

/// What a peer took in the same run.
struct PeerResult: Encodable {
    let name: String
    let medianMs: Double
    /// flawd's median over the peer's.
    let ratio: Double

    init(name: String, times: [Double], ours: Double) {
        self.name = name
        medianMs = times.median
        ratio = ours / medianMs
    }

    var line: String { "\(name): \(fixed(medianMs, 1)) ms; flawd takes \(fixed(ratio, 2)) of it" }
}
