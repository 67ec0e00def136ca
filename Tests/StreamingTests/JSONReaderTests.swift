import Testing
@testable import Streaming

@Suite struct JSONReaderTests {
    private func read(_ bytes: [UInt8]) throws -> [String: JSONValue] {
        try bytes.withUnsafeBufferPointer { (buffer) throws(WireProblem) in
            try JSONReader.object(UnsafeRawBufferPointer(buffer))
        }
    }

    private func read(_ text: String) throws -> [String: JSONValue] { try read(Array(text.utf8)) }

    @Test func object_HoldsEveryKindOfValue() throws {
        let members = try read(
            #" { "a" : -12 , "b":[1, 2.5,[]], "c":{"d":null}, "e":true,"f":false,"g":"x","h":1e3,"i":-0 } "# + "\r\n\t")
        #expect(members == [
            "a": .integer(-12), "b": .array([.integer(1), .number, .array([])]), "c": .object(["d": .null]),
            "e": .bool(true), "f": .bool(false), "g": .string("x"), "h": .number, "i": .integer(0),
        ])
        #expect(try read("{}") == [:])
    }

    @Test(arguments: [
        ("9223372036854775807", JSONValue.integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number), ("-9223372036854775809", .number), ("1e999", .number), ("0.0", .number),
        ("123456789012345678901234567890", .number), ("10", .integer(10)), ("0", .integer(0)),
    ])
    func number_IsAnIntegerExactlyWhenInt64HoldsIt(text: String, value: JSONValue) throws {
        #expect(try read("{\"n\":\(text)}") == ["n": value])
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
        (#""\ud83d\ude00""#, "😀"), (#""prüfung 測試""#, "prüfung 測試"), (#""ü\u0000ü""#, "ü\0ü"), (#""""#, ""),
    ])
    func string_DecodesEscapes(json: String, text: String) throws {
        #expect(try read("{\"s\":\(json)}") == ["s": .string(text)])
    }

    @Test(arguments: [
        #""\ud83d""#, #""\ude00""#, #""\ud83dx""#, #""\ud83d\u0041""#, #""\u12g4""#, #""\u12"#, #""\x""#, #"""#, "\"a\nb\"",
        "\"\u{1}\"", #""\"#, "NaN", "-Infinity", "Infinity", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "tru", "nul", "",
        "[1,]", "[1", "[,1]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "'a'", "1 2", "// 1",
    ])
    func malformedValue_IsRefused(json: String) {
        #expect(throws: WireProblem.self) { try read("{\"k\":\(json)}") }
    }

    @Test(arguments: ["", " ", "[]", "1", "null", "\"{}\"", "{}{}", "{} x", "{", "\u{FEFF}{}", "{\"a\":1", "{\"a\":1]"])
    func documentThatIsNotOneObject_IsRefused(text: String) {
        #expect(throws: WireProblem.self) { try read(text) }
    }

    @Test(arguments: [#"{"a":1,"a":1}"#, #"{"a":1,"b":2,"\u0061":3}"#, #"{"x":{"a":1,"a":2}}"#])
    func keyThatComesTwice_IsRefused(text: String) {
        #expect { try read(text) } throws: { "\($0)".contains("comes twice") }
    }

    @Test(arguments: [[0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
    func bytesThatAreNotUTF8_AreRefused(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(throws: WireProblem.self) { try read(Array("{\"k\":".utf8) + [quote] + bytes + [quote] + Array("}".utf8)) }
        #expect(throws: WireProblem.self) { try read(Array("{\"k\":\"\\n".utf8) + bytes + [quote] + Array("}".utf8)) }
        #expect(throws: WireProblem.self) { try read(Array("{".utf8) + [quote] + bytes + [quote] + Array(":1}".utf8)) }
    }

    @Test func nesting_IsReadToItsBoundAndRefusedBeyond() throws {
        func nested(_ levels: Int) -> String {
            "{\"k\":" + String(repeating: "[", count: levels) + String(repeating: "]", count: levels) + "}"
        }
        _ = try read(nested(JSONReader.maxDepth - 1))
        for levels in [JSONReader.maxDepth, 10_000, 1_000_000] {
            #expect { try read(nested(levels)) } throws: { "\($0)".contains("nested deeper") }
        }
        let objects = String(repeating: "{\"k\":", count: 10_000) + "1" + String(repeating: "}", count: 10_000)
        #expect { try read(objects) } throws: { "\($0)".contains("nested deeper") }
    }

    @Test func everyPrefixOfAnObject_IsRefused() {
        let whole = Array(#"{"a":[1,-2.5e3,{"b":"x\u00e9é"}],"c":true,"d":null}"#.utf8)
        #expect(throws: Never.self) { try read(whole) }
        for count in 0..<whole.count {
            #expect(throws: WireProblem.self, "cut after \(count) bytes") { try read(Array(whole[..<count])) }
        }
    }
}
