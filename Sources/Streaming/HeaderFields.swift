/// Typed access to the members of a JSON header, with errors that name the field and say what would be right.
struct HeaderFields {
    /// The wire's field names, camera-stream's and imagezmq's.
    enum Key: String {
        case schemaVersion = "schema_version", camera, stream, sequence, width, height, codec
        case capturedMonotonicNs = "captured_monotonic_ns", capturedUTCNs = "captured_utc_ns"
        case pixelFormat = "pixel_format", payloadSize = "payload_size", payloadCRC32 = "payload_crc32"
        case partID = "part_id", trigger, timestampSource = "timestamp_source"
        case message = "msg", dataType = "dtype", shape
        case type, cameras, name, topic, state
    }

    static let maxPartIDBytes = 200

    private let members: [String: JSONValue]

    init(_ bytes: UnsafeRawBufferPointer, limits: StreamLimits) throws(WireProblem) {
        guard bytes.count <= limits.maxHeaderBytes else {
            throw WireProblem("the header has \(bytes.count) bytes, at most \(limits.maxHeaderBytes) are read")
        }
        members = try JSONReader.object(bytes)
    }

    subscript(key: Key) -> JSONValue? { members[key.rawValue] }

    /// Counts, sizes and times are never negative, and all of them fit an `Int64`.
    func integer(_ key: Key, _ range: ClosedRange<Int64> = 0...Int64.max) throws(WireProblem) -> Int64 {
        guard let value = try optionalInteger(key, range) else { throw missing(key) }
        return value
    }

    func optionalInteger(_ key: Key, _ range: ClosedRange<Int64> = 0...Int64.max) throws(WireProblem) -> Int64? {
        guard let value = self[key] else { return nil }
        guard case .integer(let number) = value, range.contains(number) else {
            throw WireProblem("\(key.rawValue) is \(value.summary), it should be an integer from \(range.lowerBound) "
                + "to \(range.upperBound)")
        }
        return number
    }

    func string(_ key: Key) throws(WireProblem) -> String {
        guard let value = self[key] else { throw missing(key) }
        guard case .string(let text) = value else {
            throw WireProblem("\(key.rawValue) is \(value.summary), it should be a string")
        }
        return text
    }

    func camera(_ key: Key) throws(WireProblem) -> String {
        let name = try string(key)
        guard CameraName.isValid(name) else {
            throw WireProblem("\(key.rawValue) is no camera name: 1 to \(CameraName.maxBytes) bytes, no control characters")
        }
        return name
    }

    func partID() throws(WireProblem) -> String? {
        guard self[.partID] != nil else { return nil }
        let text = try string(.partID)
        guard text.utf8.count <= Self.maxPartIDBytes else {
            throw WireProblem("part_id has \(text.utf8.count) bytes, at most \(Self.maxPartIDBytes) are read")
        }
        return text
    }

    private func missing(_ key: Key) -> WireProblem { WireProblem("the header has no \(key.rawValue)") }
}

extension JSONValue {
    /// The value in an error message; a long one is cut.
    var summary: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string(let text): "'\(text.prefix(80))'"
        case .integer(let number): "\(number)"
        case .number: "a number that is no 64-bit integer"
        case .bool(let value): "\(value)"
        case .null: "null"
        }
    }
}
