/// Makes names what Prometheus allows: ASCII letters, digits, `_` and, in a metric's name, `:`; not a digit first.
enum PrometheusName {
    static func metric(_ name: String) -> String { cleaned(name, colon: true) }
    static func label(_ name: String) -> String { cleaned(name, colon: false) }

    private static func cleaned(_ name: String, colon: Bool) -> String {
        var bytes = name.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            case UInt8(ascii: ":") where colon: byte
            default: UInt8(ascii: "_")
            }
        }
        if bytes.first.map({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) ?? true { bytes.insert(UInt8(ascii: "_"), at: 0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
