/// What is published under a topic.
struct MQTTMessage: Sendable, Equatable {
    var topic: String
    var payload: [UInt8]
    /// Kept by the broker for whoever subscribes later.
    var isRetained = false
}

extension MQTTMessage {
    /// An event as the journal keeps it, byte for byte.
    init(_ record: JournalRecord, _ topics: MQTTTopics) {
        self.init(topic: record.kind == .verdict ? topics.verdict(of: record.camera) : topics.missing(of: record.camera), payload: record.json)
    }

    /// The latest verdict of a camera in short; nil: the event is of missing frames.
    static func state(_ record: JournalRecord, epoch: String, _ topics: MQTTTopics) -> MQTTMessage? {
        guard record.kind == .verdict, let verdict = record.verdict else { return nil }
        // Whatever else the event says of the part; its form is flawd's own.
        let fields = (try? JSONReader.object(record.json)) ?? [:]
        func number(_ key: String) -> Text? { if case .integer(let value)? = fields[key] { .plain("\(value)") } else { nil } }
        var part: Text?
        if case .string(let id)? = fields["part_id"] { part = .quoted(id) }
        return MQTTMessage(topic: topics.state(of: record.camera), payload: json("state", [
            ("camera", .quoted(record.camera)), ("verdict", .quoted(verdict)), ("reason", record.reason.map(Text.quoted)), ("epoch", .quoted(epoch)),
            ("seq", .plain("\(record.seq)")), ("sequence", .plain("\(record.sequence)")), ("part_id", part), ("trigger", number("trigger")),
            ("captured_utc_ns", number("captured_utc_ns")), ("published_utc_ns", .plain("\(record.publishedUTCNs)")),
        ]), isRetained: true)
    }

    /// Events that went out of the journal before the broker took them.
    static func gone(_ range: ClosedRange<UInt64>, epoch: String, utcNs: Int64, _ topics: MQTTTopics) -> MQTTMessage {
        MQTTMessage(topic: topics.gone, payload: json("gone", [
            ("epoch", .quoted(epoch)), ("first", .plain("\(range.lowerBound)")), ("last", .plain("\(range.upperBound)")), ("published_utc_ns", .plain("\(utcNs)")),
        ]))
    }

    /// That flawd is connected.
    ///
    /// - Parameter build: content hash of the program.
    static func online(build: String, utcNs: Int64, _ topics: MQTTTopics) -> MQTTMessage {
        MQTTMessage(topic: topics.status, payload: json("line_status", [
            ("line", .quoted(topics.line)), ("state", .quoted("online")), ("build", .quoted(build)), ("published_utc_ns", .plain("\(utcNs)")),
        ]), isRetained: true)
    }

    /// That it is not; nobody knows when the broker will have to say so by itself.
    ///
    /// - Parameter utcNs: nil: the broker is to say it when flawd is suddenly gone.
    static func offline(utcNs: Int64?, _ topics: MQTTTopics) -> MQTTMessage {
        MQTTMessage(topic: topics.status, payload: json("line_status", [
            ("line", .quoted(topics.line)), ("state", .quoted("offline")), ("detail", .quoted(utcNs == nil ? "connection lost" : "stopped")),
            ("published_utc_ns", utcNs.map { .plain("\($0)") }),
        ]), isRetained: true)
    }

    private enum Text {
        case quoted(String)
        /// A number.
        case plain(String)
    }

    private static func json(_ type: String, _ fields: [(key: String, value: Text?)]) -> [UInt8] {
        var json = Array("{\"schema_version\":1,\"type\":\"\(type)\"".utf8)
        for (key, value) in fields {
            guard let value else { continue }
            json += Array(",\"\(key)\":".utf8)
            switch value {
            case .quoted(let text): json.append(jsonString: text)
            case .plain(let text): json += Array(text.utf8)
            }
        }
        return json + [UInt8(ascii: "}")]
    }
}
