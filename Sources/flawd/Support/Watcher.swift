import Dispatch
import Foundation
import Inspection
import SelfPerception
import Service
import Streaming

/// `flawd watch` at work, on one thread.
struct Watcher: Sendable {
    let command: WatchCommand
    private(set) var tally = EventTally()
    private(set) var truth: TruthTable?
    private var unreadable = 0

    init(command: WatchCommand, truth: TruthTable?) {
        self.command = command
        self.truth = truth
    }

    mutating func run(endpoints: [Endpoint], stop: StopSignal) throws {
        let subscriber = try EventSubscriber(context: MessagingContext(), endpoints: endpoints, topics: [command.camera])
        if Terminal.errorIsTerminal { for endpoint in endpoints { Terminal.printError("watching \(endpoint)") } }
        var quietSince = DispatchTime.now()
        while !stop.isStopped {
            guard let parts = try subscriber.receive(timeoutMs: 100) else {
                if let timeout = command.timeout, DispatchTime.now() > quietSince + timeout { break }
                continue
            }
            guard take(parts) else { continue }
            quietSince = .now()
            if let count = command.count, tally.frames >= count { break }
        }
    }

    /// False: the message is no event.
    private mutating func take(_ parts: [[UInt8]]) -> Bool {
        guard parts.count == 2 else { return false }
        let topic = String(decoding: parts[0], as: UTF8.self)
        let decoder = JSONDecoder()
        do {
            if topic.hasSuffix("/verdict") {
                let event = try decoder.decode(VerdictEvent.self, from: Data(parts[1]))
                tally.add(event)
                truth?.add(event)
                command.json ? printRaw(parts[1]) : Terminal.print(line(event))
            } else if topic.hasSuffix("/missing") {
                let event = try decoder.decode(MissingEvent.self, from: Data(parts[1]))
                tally.add(event)
                command.json ? printRaw(parts[1]) : Terminal.print(line(event))
            } else {
                return false
            }
        } catch {
            unreadable += 1
            Terminal.printError("\(Terminal.clean(topic)): not an event this flawd reads: \(error)")
        }
        return true
    }

    private func printRaw(_ json: [UInt8]) { Terminal.print(String(decoding: json, as: UTF8.self)) }

    private func line(_ event: VerdictEvent) -> String {
        let name = event.partID.map { " \(Terminal.clean($0))" } ?? ""
        var line = "\(time(event.publishedUTCNs))  \(Terminal.clean(event.camera)) #\(event.sequence)\(name)  "
        line += Terminal.colored(event.verdict.rawValue.uppercased(), Self.color(event.verdict))
        if let reason = event.reason { line += " (\(reason.rawValue))" }
        if let detail = event.detail { line += " \(Terminal.clean(detail))" }
        if let score = event.regions.map(\.score).max() {
            let defects = event.regions.reduce(0) { $0 + $1.defects.count }
            line += "  score \(fixed(score, 3))  \(defects) \(defects == 1 ? "defect" : "defects")"
            let worst = event.regions.filter { $0.verdict != .pass }.map { Terminal.clean($0.name) }
            if !worst.isEmpty { line += " in \(worst.joined(separator: ", "))" }
        }
        if let total = event.latencyNs["total"] { line += "  \(fixed(Double(total) / 1e6, 1)) ms" }
        return line
    }

    private func line(_ event: MissingEvent) -> String {
        let range = event.first == event.last ? "#\(event.first)" : "#\(event.first)–\(event.last)"
        return "\(time(event.publishedUTCNs))  \(Terminal.clean(event.camera)) \(range)  " + Terminal.colored("MISSING", .magenta)
    }

    private static func color(_ verdict: Verdict) -> Terminal.Color {
        switch verdict {
        case .pass: .green
        case .review: .yellow
        case .fail: .red
        case .uninspected: .magenta
        }
    }

    /// The time of day, UTC, to the millisecond.
    private func time(_ utcNs: Int64) -> String {
        let ms = max(0, utcNs) / 1_000_000 % 86_400_000
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let milliseconds = String(1000 + ms % 1000).dropFirst()
        return "\(two(ms / 3_600_000)):\(two(ms / 60_000 % 60)):\(two(ms / 1000 % 60)).\(milliseconds)"
    }

    /// The summary's lines.
    var summary: [String] {
        var lines = ["\(tally.frames) verdicts: " + Verdict.allCases.map { "\($0.rawValue) \(tally.verdicts[$0] ?? 0)" }.joined(separator: ", ")]
        let reasons = UninspectedReason.allCases.compactMap { reason in tally.reasons[reason].map { "\(reason.rawValue) \($0)" } }
        if !reasons.isEmpty { lines.append("uninspected: " + reasons.joined(separator: ", ")) }
        lines.append("missing frames \(tally.missing)")
        if command.camera.isEmpty, tally.unseen > 0 { lines.append("events published but not seen here \(tally.unseen)") }
        if unreadable > 0 { lines.append("unreadable events \(unreadable)") }
        if let rate = tally.rate { lines.append("\(fixed(rate, 1)) verdicts/s") }
        if let median = tally.latencyNs(quantile: 0.5), let p99 = tally.latencyNs(quantile: 0.99) {
            lines.append("latency median \(fixed(Double(median) / 1e6, 1)) ms, p99 \(fixed(Double(p99) / 1e6, 1)) ms")
        }
        return lines + (truth.map(TruthReport.lines) ?? [])
    }
}
