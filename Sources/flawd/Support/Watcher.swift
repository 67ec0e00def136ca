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
    /// Events that were shown.
    private var taken = 0
    /// What catching up could not make whole.
    private var notes: [String] = []

    init(command: WatchCommand, truth: TruthTable?) {
        self.command = command
        self.truth = truth
    }

    /// - Parameter source: where missed events are asked for; nil: nowhere.
    mutating func run(context: MessagingContext, endpoints: [Endpoint], source: Endpoint?, stop: StopSignal) throws {
        // Subscribed before anything is asked for: what is published meanwhile waits.
        let topics = command.camera.isEmpty ? [""] : [command.camera, "status/"]
        let subscriber = try EventSubscriber(context: context, endpoints: endpoints, topics: topics)
        if Terminal.errorIsTerminal { for endpoint in endpoints { Terminal.printError("watching \(endpoint)") } }
        let follower = source.map { source in
            let client = CatchUpClient(context: context, endpoint: source)
            return EventFollower(since: command.since ?? 0, epoch: command.epoch, camera: command.camera) { try client.ask($0, timeoutMs: 5000) }
        }
        if let follower, let source {
            let isAnswered = try follower.begin { json in
                take(json)
                return !isEnough && !stop.isStopped
            }
            guard isAnswered else { throw Failure("nobody answers at \(source.address): is the daemon running, and is that its publish.catch_up?") }
        }
        var quietSince = DispatchTime.now()
        while !stop.isStopped, !isEnough {
            guard let parts = try subscriber.receive(timeoutMs: 100) else {
                if let timeout = command.timeout, DispatchTime.now() > quietSince + timeout { break }
                continue
            }
            let before = taken
            if let follower {
                try follower.follow(parts) { json in
                    take(json)
                    return !isEnough
                }
            } else if parts.count == 2, Self.suffixes.contains(where: { parts[0].suffix($0.count).elementsEqual($0) }) {
                take(parts[1])
            }
            if taken > before { quietSince = .now() }
            if let timeout = command.timeout, DispatchTime.now() > quietSince + timeout { break }
        }
        notes = follower?.notes ?? []
    }

    /// Of topics with events that are shown.
    private static let suffixes = ["/verdict", "/missing", StatusEvent.topic].map { Array($0.utf8) }

    private var isEnough: Bool { command.count.map { tally.frames >= $0 } ?? false }

    private struct Kind: Decodable {
        var type: String
    }

    private mutating func take(_ json: [UInt8]) {
        let decoder = JSONDecoder(), data = Data(json)
        do {
            let line: String
            switch try decoder.decode(Kind.self, from: data).type {
            case "verdict":
                let event = try decoder.decode(VerdictEvent.self, from: data)
                tally.add(event)
                truth?.add(event)
                line = EventLine.text(event)
            case "missing":
                let event = try decoder.decode(MissingEvent.self, from: data)
                tally.add(event)
                line = EventLine.text(event)
            case "status": line = EventLine.text(try decoder.decode(StatusEvent.self, from: data))
            default: return
            }
            taken += 1
            Terminal.print(command.json ? String(decoding: json, as: UTF8.self) : line)
        } catch {
            unreadable += 1
            Terminal.printError("not an event this flawd reads: \(error)")
        }
    }

    /// The summary's lines.
    var summary: [String] {
        var lines = ["\(tally.frames) verdicts: " + Verdict.allCases.map { "\($0.rawValue) \(tally.verdicts[$0] ?? 0)" }.joined(separator: ", ")]
        let reasons = UninspectedReason.allCases.compactMap { reason in tally.reasons[reason].map { "\(reason.rawValue) \($0)" } }
        if !reasons.isEmpty { lines.append("uninspected: " + reasons.joined(separator: ", ")) }
        lines.append("missing frames \(tally.missing)")
        if command.camera.isEmpty, tally.unseen > 0 { lines.append("events published but not seen here \(tally.unseen)") }
        lines += notes
        if unreadable > 0 { lines.append("unreadable events \(unreadable)") }
        if let rate = tally.rate { lines.append("\(fixed(rate, 1)) verdicts/s") }
        if let median = tally.latencyNs(quantile: 0.5), let p99 = tally.latencyNs(quantile: 0.99) {
            lines.append("latency median \(fixed(Double(median) / 1e6, 1)) ms, p99 \(fixed(Double(p99) / 1e6, 1)) ms")
        }
        return lines + (truth.map(TruthReport.lines) ?? [])
    }
}
