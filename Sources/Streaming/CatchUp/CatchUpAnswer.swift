/// What a subscriber is told.
///
/// On the wire a JSON object and, after it, one part for each event, byte for byte as published. The object has `type`, `epoch` and `high` (the
/// journal's highest `seq`), and by type
/// - `events`: `count`, and `next`: what to say as `since` for the following page; as many as `high`: that was all;
/// - `gone`: `oldest`, the first `seq` that is still kept;
/// - `epoch`: nothing more; the journal is another one than that of `since`;
/// - `error`: `detail` alone.
public enum CatchUpAnswer: Sendable, Equatable {
    /// - Parameters:
    ///   - events: JSON, in order.
    ///   - next: up to here everything asked for has been told.
    case events([[UInt8]], next: UInt64, epoch: String, high: UInt64)
    case gone(oldest: UInt64, epoch: String, high: UInt64)
    case otherEpoch(String, high: UInt64)
    case error(String)

    /// Answers from the journal, at one moment.
    init(to request: CatchUpRequest, from journal: JournalReader) throws(JournalError) {
        let page = try journal.page(after: request.since, limit: request.limit, bytes: CatchUpRequest.maxPageBytes, camera: request.camera)
        let high = page.extent.lastSeq, oldest = page.extent.kept?.lowerBound ?? high + 1
        if request.epoch.map({ $0 != journal.epoch }) ?? false || request.since > high {
            // Nobody can have seen what was never numbered.
            self = .otherEpoch(journal.epoch, high: high)
        } else if request.since + 1 < oldest {
            self = .gone(oldest: oldest, epoch: journal.epoch, high: high)
        } else {
            // With a filter, the numbers up to the end were others'.
            self = .events(page.records.map(\.json), next: page.isLast ? high : page.records.last?.seq ?? high, epoch: journal.epoch, high: high)
        }
    }

    /// Of the message, without an envelope.
    var parts: [[UInt8]] {
        func head(_ type: String, _ epoch: String, _ high: UInt64, _ rest: String = "") -> [UInt8] {
            Array("{\"schema_version\":1,\"type\":\"\(type)\",\"epoch\":\"\(epoch)\",\"high\":\(high)\(rest)}".utf8)
        }
        return switch self {
        case .events(let events, let next, let epoch, let high): [head("events", epoch, high, ",\"count\":\(events.count),\"next\":\(next)")] + events
        case .gone(let oldest, let epoch, let high): [head("gone", epoch, high, ",\"oldest\":\(oldest)")]
        case .otherEpoch(let epoch, let high): [head("epoch", epoch, high)]
        case .error(let detail): [Self.error(detail)]
        }
    }

    private static func error(_ detail: String) -> [UInt8] {
        var json = Array("{\"schema_version\":1,\"type\":\"error\",\"detail\":".utf8)
        json.append(jsonString: detail)
        return json + [UInt8(ascii: "}")]
    }

    /// - Throws: `WireProblem` for what is no answer of flawd's.
    init(parts: [[UInt8]]) throws(WireProblem) {
        guard let first = parts.first else { throw WireProblem("an answer has at least one part") }
        let fields = try JSONReader.object(first)
        func number(_ key: String) throws(WireProblem) -> UInt64 {
            guard case .integer(let value)? = fields[key], value >= 0 else { throw WireProblem("an answer without \(key)") }
            return UInt64(value)
        }
        guard case .string(let type)? = fields["type"] else { throw WireProblem("an answer without a type") }
        if type == "error" {
            guard case .string(let detail)? = fields["detail"] else { throw WireProblem("an answer without detail") }
            self = .error(detail)
            return
        }
        guard case .string(let epoch)? = fields["epoch"] else { throw WireProblem("an answer without an epoch") }
        let high = try number("high")
        switch type {
        case "events":
            guard try number("count") == UInt64(parts.count - 1) else { throw WireProblem("an answer with \(parts.count - 1) events that announces another number") }
            self = .events(Array(parts.dropFirst()), next: try number("next"), epoch: epoch, high: high)
        case "gone": self = .gone(oldest: try number("oldest"), epoch: epoch, high: high)
        case "epoch": self = .otherEpoch(epoch, high: high)
        default: throw WireProblem("an answer of the unknown type '\(type.prefix(40))'")
        }
    }
}
