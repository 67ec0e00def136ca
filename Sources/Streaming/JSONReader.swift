/// One JSON value of a header.
enum JSONValue: Equatable, Sendable {
    case object([String: JSONValue])
    case array([JSONValue])
    case string(String)
    /// A number without fraction or exponent that an `Int64` holds.
    case integer(Int64)
    /// Any other number; no header field wants one, so its value is not kept.
    case number
    case bool(Bool)
    case null
}

/// Why a message is not what it should be.
struct WireProblem: Error, Equatable {
    var text: String
    init(_ text: String) { self.text = text }
}

/// Reads the JSON (RFC 8259) of a message header, and takes it at its word: a key that comes twice, a lone surrogate,
/// bytes that are not UTF-8, NaN, a trailing comma or anything after the object is an error, because two readers could
/// take such a header for two different frames. Foundation's readers let several of these pass.
///
/// The caller bounds the length; nesting is bounded here, so recursion is too.
struct JSONReader {
    static let maxDepth = 16

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// The members of the one object that `bytes` hold.
    static func object(_ bytes: UnsafeRawBufferPointer) throws(WireProblem) -> [String: JSONValue] {
        var reader = JSONReader(bytes: bytes)
        reader.skipSpace()
        guard reader.peek == UInt8(ascii: "{") else { throw reader.problem("a JSON object is expected") }
        let members = try reader.object(depth: 1)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.problem("something follows the JSON object") }
        return members
    }

    /// The members of the one object that `json` holds.
    static func object(_ json: [UInt8]) throws(WireProblem) -> [String: JSONValue] {
        try json.withUnsafeBufferPointer { (bytes) throws(WireProblem) in try object(UnsafeRawBufferPointer(bytes)) }
    }

    private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private func problem(_ text: String) -> WireProblem {
        WireProblem(position < bytes.count ? "\(text) (byte \(position))" : "\(text) (it ends at byte \(position))")
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(WireProblem) -> JSONValue {
        guard depth <= Self.maxDepth else { throw problem("JSON nested deeper than \(Self.maxDepth) levels") }
        switch peek {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(WireProblem) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        position += 1
        skipSpace()
        if take("}") { return members }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw problem("a JSON key is expected") }
            let key = try string()
            skipSpace()
            guard take(":") else { throw problem("':' is expected after the JSON key '\(key.prefix(80))'") }
            skipSpace()
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: key) == nil else {
                throw problem("the JSON key '\(key.prefix(80))' comes twice")
            }
            skipSpace()
        } while take(",")
        guard take("}") else { throw problem("',' or '}' is expected in the JSON object") }
        return members
    }

    private mutating func array(depth: Int) throws(WireProblem) -> [JSONValue] {
        var elements: [JSONValue] = []
        position += 1
        skipSpace()
        if take("]") { return elements }
        repeat {
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw problem("',' or ']' is expected in the JSON array") }
        return elements
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(WireProblem) -> JSONValue {
        for index in 0..<text.utf8CodeUnitCount {
            guard peek == text.utf8Start[index] else { throw problem("a JSON value is expected") }
            position += 1
        }
        return value
    }

    private mutating func number() throws(WireProblem) -> JSONValue {
        let isNegative = take("-")
        guard let first = peek, Self.isDigit(first) else { throw problem("a JSON value is expected") }
        var magnitude: Int64? = 0
        let start = position
        while let digit = peek, Self.isDigit(digit) {
            // Counted downwards: the lowest Int64 has no positive counterpart.
            let (shifted, tooLarge) = (magnitude ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, beyond) = shifted.subtractingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            magnitude = magnitude == nil || tooLarge || beyond ? nil : sum
            position += 1
        }
        guard first != UInt8(ascii: "0") || position == start + 1 else {
            throw problem("a JSON number starts with a superfluous 0")
        }
        var isInteger = true
        if take(".") {
            isInteger = false
            try digits()
        }
        if take("e") || take("E") {
            isInteger = false
            _ = take("+") || take("-")
            try digits()
        }
        guard isInteger, let magnitude else { return .number }
        if isNegative { return .integer(magnitude) }
        return magnitude == .min ? .number : .integer(-magnitude)
    }

    private mutating func digits() throws(WireProblem) {
        guard let first = peek, Self.isDigit(first) else { throw problem("a digit is expected in the JSON number") }
        while let digit = peek, Self.isDigit(digit) { position += 1 }
    }

    // MARK: Strings

    private mutating func string() throws(WireProblem) -> String {
        position += 1
        let start = position
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if peek == UInt8(ascii: "\"") {
            let text = try text(UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
            position += 1
            return text
        }
        var decoded = [UInt8](bytes[start..<position])
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return try decoded.withUnsafeBufferPointer { (all) throws(WireProblem) in
                    try text(UnsafeRawBufferPointer(all))
                }
            case UInt8(ascii: "\\"):
                try appendEscape(to: &decoded)
            case 0..<0x20:
                throw problem("a control character stands unescaped in a JSON string")
            default:
                decoded.append(byte)
            }
        }
        throw problem("a JSON string does not end")
    }

    private func text(_ bytes: UnsafeRawBufferPointer) throws(WireProblem) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw problem("a JSON string is not UTF-8") }
        return text
    }

    private mutating func appendEscape(to decoded: inout [UInt8]) throws(WireProblem) {
        let escape = peek
        position += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(escape ?? 0)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"):
            var value = try hexQuad()
            if (0xD800..<0xDC00).contains(value) {
                guard take("\\"), take("u") else { throw problem("half a surrogate pair in a JSON string") }
                let low = try hexQuad()
                guard (0xDC00..<0xE000).contains(low) else { throw problem("half a surrogate pair in a JSON string") }
                value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw problem("half a surrogate pair in a JSON string") }
            decoded.append(contentsOf: String(scalar).utf8)
        default:
            throw problem("an unknown escape in a JSON string")
        }
    }

    private mutating func hexQuad() throws(WireProblem) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw problem("four hexadecimal digits are expected after \\u")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    // MARK: Bytes

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek, UInt32(byte) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
