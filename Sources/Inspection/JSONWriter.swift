/// Writes JSON into bytes: keys in the order they are written, no spaces, no escapes that JSON does not need.
///
/// Events are written for every frame, and stored and compared as text: the order of keys must be fixed, and a frame with
/// a hundred defects, the ones that must not be late, should not take the millisecond that JSONEncoder needs for it.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// Whether a comma is due before the next value or key.
    private var needsComma = false

    init(reserving capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

    mutating func object(_ body: (inout JSONWriter) -> Void) { nest("{", "}", body) }
    mutating func array<S: Sequence>(_ items: S, _ body: (inout JSONWriter, S.Element) -> Void) {
        nest("[", "]") { writer in for item in items { body(&writer, item) } }
    }

    mutating func key(_ key: some CodingKey) { self.key(key.stringValue) }

    mutating func key(_ key: String) {
        string(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func string(_ text: String) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20, 0x7f:
                let digits = Array("0123456789abcdef".utf8)
                bytes += Array("\\u00".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    mutating func integer(_ value: some FixedWidthInteger) { raw(String(value)) }

    /// The shortest decimal number that reads back as the same Double. JSON has no word for what is not finite: `null`,
    /// which no reader takes for a score. Results are checked to be finite before they become events.
    mutating func number(_ value: Double) { raw(value.isFinite ? String(value) : "null") }

    /// Text that is JSON already.
    mutating func raw(_ text: String) {
        comma()
        bytes += Array(text.utf8)
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func nest(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWriter) -> Void) {
        comma()
        bytes.append(UInt8(ascii: open))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }
}
