/// What a subscriber asks for: the events after one that it has.
///
/// On the wire one JSON object: `since` (the `seq` of the last event that it has; 0: from the beginning), and optionally `epoch` (of that
/// event), `limit` (events, 1 to ``maxEvents``) and `camera` (the beginning of names).
public struct CatchUpRequest: Sendable, Equatable {
    /// Of a page.
    public static let maxEvents = 512
    /// Of the JSON of a page, unless one event has more.
    public static let maxPageBytes = 1 << 20
    /// Of a request.
    public static let maxBytes = 4096

    public var since: UInt64
    public var epoch: String?
    public var limit: Int
    public var camera: String

    public init(since: UInt64, epoch: String? = nil, limit: Int = maxEvents, camera: String = "") {
        self.since = since
        self.epoch = epoch
        self.limit = limit
        self.camera = camera
    }

    private static let keys: Set<String> = ["since", "epoch", "limit", "camera"]

    /// - Throws: `WireProblem` saying what would be right.
    init(json: [UInt8]) throws(WireProblem) {
        let fields = try JSONReader.object(json)
        if let key = fields.keys.filter({ !Self.keys.contains($0) }).min() {
            throw WireProblem("unknown key '\(key.prefix(40))'; since, epoch, limit and camera are known")
        }
        guard case .integer(let since)? = fields["since"], since >= 0 else { throw WireProblem("since must be a whole number from 0") }
        self.init(since: UInt64(since))
        switch fields["epoch"] {
        case nil, .null?: break
        case .string(let text)?: epoch = text
        default: throw WireProblem("epoch must be text")
        }
        switch fields["limit"] {
        case nil: break
        case .integer(let count)? where (1...Int64.max).contains(count): limit = Int(min(count, Int64(Self.maxEvents)))
        default: throw WireProblem("limit must be a whole number from 1")
        }
        switch fields["camera"] {
        case nil: break
        case .string(let text)?: camera = text
        default: throw WireProblem("camera must be text")
        }
    }

    /// The request as JSON.
    var json: [UInt8] {
        var json = Array("{\"since\":\(since),\"limit\":\(limit)".utf8)
        for (key, value) in [("epoch", epoch), ("camera", camera.isEmpty ? nil : camera)] {
            guard let value else { continue }
            json += Array(",\"\(key)\":".utf8)
            json.append(jsonString: value)
        }
        return json + [UInt8(ascii: "}")]
    }
}
