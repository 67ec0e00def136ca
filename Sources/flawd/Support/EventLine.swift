import Inspection
import SelfPerception
import Service

/// An event as a line for people.
enum EventLine {
    static func text(_ event: VerdictEvent) -> String {
        let name = event.partID.map { " \(Terminal.clean($0))" } ?? ""
        var line = "\(time(event.publishedUTCNs))  \(Terminal.clean(event.camera)) #\(event.sequence)\(name)  "
        line += Terminal.colored(event.verdict.rawValue.uppercased(), color(event.verdict))
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

    static func text(_ event: MissingEvent) -> String {
        let range = event.first == event.last ? "#\(event.first)" : "#\(event.first)–\(event.last)"
        return "\(time(event.publishedUTCNs))  \(Terminal.clean(event.camera)) \(range)  " + Terminal.colored("MISSING", .magenta)
    }

    static func text(_ event: StatusEvent) -> String {
        "\(time(event.publishedUTCNs))  " + Terminal.colored(event.condition.rawValue, .yellow) + "  \(Terminal.clean(event.detail))"
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
    private static func time(_ utcNs: Int64) -> String {
        let ms = max(0, utcNs) / 1_000_000 % 86_400_000
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let milliseconds = String(1000 + ms % 1000).dropFirst()
        return "\(two(ms / 3_600_000)):\(two(ms / 60_000 % 60)):\(two(ms / 1000 % 60)).\(milliseconds)"
    }
}
