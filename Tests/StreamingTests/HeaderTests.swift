import Imaging
import Testing
@testable import Streaming

/// The camera-stream header: every bad one costs its frame, keeps its camera, and says why.
@Suite struct HeaderTests {
    private let codec = FrameCodec()

    private func read(_ header: [UInt8], payload: [UInt8] = Wire.rawPayload) -> FrameCodec.Reading {
        codec.read([Wire.topic, header, payload])
    }

    @Test func header_IsReadWhole_WhenItIsGood() {
        let members = Wire.members() + [
            ("part_id", "\"SN \\u001d 5\""), ("trigger", "9"), ("payload_crc32", "\(CRC32.of(Wire.rawPayload))"),
            ("frameset_sequence", "3"), ("unknown", "{\"deep\":[1e999]}"),
        ]
        #expect(read(Wire.json(members)) == .frame(
            FrameHeader(
                format: .cameraStream, camera: "line1/top", codec: .rawBGR8, sequence: 7, capturedMonotonicNs: 123_456_789,
                capturedUTCNs: 1_795_387_163_479_516_200, size: PixelSize(width: 4, height: 2),
                partID: "SN \u{1d} 5", trigger: 9, payloadCRC32: CRC32.of(Wire.rawPayload)),
            payloadPart: 2))
    }

    @Test(arguments: [
        "sequence", "captured_monotonic_ns", "captured_utc_ns", "width", "height", "payload_size", "trigger",
        "payload_crc32", "schema_version",
    ])
    func integer_IsRefused_WhenItIsNoSuchNumber(key: String) throws {
        for bad in ["-1", "9223372036854775808", "1e999", "1.0", "1e0", "\"1\"", "null", "true", "[1]"] {
            let problem = try #require(read(Wire.header(key, bad)).problem(of: Wire.camera), "\(key): \(bad)")
            #expect(problem.contains(key), "\(key): \(bad)")
        }
        for bad in ["NaN", "Infinity", "-Infinity", "1e", "0x1"] {
            #expect(read(Wire.header(key, bad)).problem(of: Wire.camera) != nil, "\(key): \(bad)")
        }
    }

    @Test(arguments: ["camera", "stream", "codec", "pixel_format"])
    func string_IsRefused_WhenItIsSomethingElse(key: String) throws {
        for bad in ["1", "null", "\"\"", "[\"color\"]", "\"something else\""] {
            #expect(read(Wire.header(key, bad)).problem(of: Wire.camera) != nil, "\(key): \(bad)")
        }
    }

    @Test(arguments: [
        "schema_version", "camera", "stream", "sequence", "captured_monotonic_ns", "captured_utc_ns", "width", "height",
        "pixel_format", "codec", "payload_size",
    ])
    func field_IsNamed_WhenItIsMissing(key: String) throws {
        let problem = try #require(read(Wire.header(key, nil)).problem(of: Wire.camera))
        #expect(problem == "the header has no \(key)")
    }

    @Test func unknownVersion_IsRefused() {
        #expect(read(Wire.header("schema_version", "2")).problem(of: Wire.camera) == "schema_version is 2, 1 is understood")
        #expect(read(Wire.header("schema_version", "0")).problem(of: Wire.camera) != nil)
    }

    @Test(arguments: ["h264", "JPEG", "raw_mono8", "raw_z16", ""])
    func unknownCodec_IsRefused(name: String) throws {
        let problem = try #require(read(Wire.header("codec", "\"\(name)\"")).problem(of: Wire.camera))
        #expect(problem == "codec is '\(name)', jpeg and raw_bgr8 are understood")
    }

    @Test(arguments: [
        ("0", "2"), ("4", "0"), ("65501", "2"), ("4", "65501"), ("4294967296", "4294967296"),
        ("9223372036854775807", "9223372036854775807"), ("3074457345618258603", "1"), ("16385", "1"), ("1", "16385"),
        ("8000", "8000"),
    ])
    func size_IsRefused_WhenItIsZeroOrTooLarge(width: String, height: String) {
        var members = Wire.members(codec: "jpeg", payloadSize: Wire.jpegPayload.count)
        members.removeAll { $0.key == "width" || $0.key == "height" }
        members += [("width", width), ("height", height)]
        #expect(read(Wire.json(members), payload: Wire.jpegPayload).problem(of: Wire.camera) != nil)
    }

    @Test func size_IsAcceptedUpToTheLimits() {
        let wide = FrameCodec(images: ImageLimits(maxWidth: .max, maxHeight: .max, maxPixels: .max))
        var members = Wire.members(codec: "jpeg", payloadSize: Wire.jpegPayload.count)
        members.removeAll { $0.key == "width" || $0.key == "height" }
        members += [("width", "65500"), ("height", "65500")]
        let message = [Wire.topic, Wire.json(members), Wire.jpegPayload]
        #expect(wide.read(message).header?.size == PixelSize(width: 65500, height: 65500))
        #expect(codec.read(message).problem(of: Wire.camera) != nil)
    }

    @Test(arguments: [-24, -1, 1, 3])
    func payload_IsRefused_WhenItsLengthIsWrong(difference: Int) throws {
        let payload = [UInt8](repeating: 0, count: 24 + difference)
        // Another length than the header announces, and an announced one that the picture does not have.
        #expect(read(Wire.json(Wire.members()), payload: payload).problem(of: Wire.camera) != nil)
        #expect(read(Wire.json(Wire.members(payloadSize: payload.count)), payload: payload)
            .problem(of: Wire.camera) != nil)
        let jpeg = Wire.jpegPayload
        #expect(read(Wire.json(Wire.members(codec: "jpeg", payloadSize: jpeg.count + difference)), payload: jpeg)
            .problem(of: Wire.camera) != nil)
    }

    @Test func emptyPayload_IsRefused() {
        #expect(read(Wire.json(Wire.members(codec: "jpeg", payloadSize: 0)), payload: []).problem(of: Wire.camera)
            == "the payload is empty")
    }

    @Test func payload_IsRefused_WhenItsCRCIsAnother() throws {
        let crc = CRC32.of(Wire.rawPayload)
        #expect(read(Wire.header("payload_crc32", "\(crc)")).header?.payloadCRC32 == crc)
        let problem = try #require(read(Wire.header("payload_crc32", "\(crc ^ 1)")).problem(of: Wire.camera))
        #expect(problem.contains("payload_crc32 is \(crc ^ 1), the payload's is \(crc)"))
        #expect(read(Wire.header("payload_crc32", "4294967296")).problem(of: Wire.camera) != nil)
    }

    @Test func partID_IsRefused_WhenItIsTooLong() {
        let long = String(repeating: "é", count: 100)
        #expect(read(Wire.header("part_id", "\"\(long)\"")).header?.partID == long)
        #expect(read(Wire.header("part_id", "\"\(long)x\"")).problem(of: Wire.camera) != nil)
        #expect(read(Wire.header("part_id", "17")).problem(of: Wire.camera) != nil)
    }

    @Test func sequenceAndPart_AreKept_WhenTheRestIsBad() {
        var members = Wire.members(sequence: 41)
        members += [("part_id", "\"SN5\"")]
        let reading = read(Wire.header("codec", "\"h264\"", in: members))
        #expect(reading == .unusable(
            camera: Wire.camera, sequence: 41, partID: "SN5",
            problem: "codec is 'h264', jpeg and raw_bgr8 are understood"))
    }

    @Test func headerThatIsNoGoodJSON_KeepsTheTopicsCamera() throws {
        let good = Wire.json(Wire.members())
        let duplicate = good.dropLast() + Wire.bytes(",\"sequence\":8}")
        let notUTF8 = good.dropLast() + Wire.bytes(",\"x\":\"") + [0xC3, 0x28] + Wire.bytes("\"}")
        let deep = good.dropLast() + Wire.bytes(",\"x\":" + String(repeating: "[", count: 3000))
        for bad in [Array(duplicate), Array(notUTF8), Array(deep), [], [0xFF, 0xFE], Wire.bytes("[]"), Wire.bytes("null")] {
            #expect(read(bad).problem(of: Wire.camera) != nil, "\(String(decoding: bad.prefix(400), as: UTF8.self))")
        }
        for count in 0..<good.count {
            #expect(read(Array(good[..<count])).problem(of: Wire.camera) != nil, "cut after \(count) bytes")
        }
    }

    @Test func header_IsReadUpTo4KiB() throws {
        let good = Wire.json(Wire.members())
        let padded = good + [UInt8](repeating: UInt8(ascii: " "), count: 4096 - good.count)
        #expect(read(padded).header != nil)
        let problem = try #require(read(padded + [UInt8(ascii: " ")]).problem(of: Wire.camera))
        #expect(problem == "the header has 4097 bytes, at most 4096 are read")
        // 10,000 levels of nesting do not fit a header at all.
        let bomb = Wire.bytes("{\"x\":" + String(repeating: "[", count: 10_000))
        #expect(read(bomb).problem(of: Wire.camera) != nil)
    }

    // MARK: Properties

    @Test func header_ComesBackAsItWasWritten() throws {
        var generator = SeededGenerator(state: 2)
        let alphabet = Array("aZ09_-./ \"\\/éß測😀\u{2028}\u{301}")
        func text(_ length: Int) -> String {
            String((0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
        }
        for _ in 0..<2000 {
            let size = PixelSize(width: .random(in: 1...40, using: &generator), height: .random(in: 1...40, using: &generator))
            let payload = (0..<size.area * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let isRaw = Bool.random(using: &generator)
            var header = FrameHeader(
                format: .cameraStream, camera: "c" + text(Int.random(in: 0...20, using: &generator)),
                codec: isRaw ? .rawBGR8 : .jpeg, sequence: .random(in: 0...UInt64(Int64.max), using: &generator),
                capturedMonotonicNs: .random(in: 0...Int64.max, using: &generator),
                capturedUTCNs: .random(in: 0...Int64.max, using: &generator), size: size)
            if Bool.random(using: &generator) { header.partID = text(15) + "\u{0}\u{1d}\n" }
            if Bool.random(using: &generator) { header.trigger = .random(in: 0...Int64.max, using: &generator) }
            if Bool.random(using: &generator) { header.payloadCRC32 = CRC32.of(payload) }
            var json: [UInt8] = []
            FrameMessage.appendHeader(
                of: header, stream: "color", pixelFormat: "bgr8", codecName: header.codec.rawValue, size: size,
                payloadBytes: payload.count, to: &json)
            let topic = Wire.bytes(FrameMessage.topic(camera: header.camera, stream: "color"))
            #expect(codec.read([topic, json, payload]) == .frame(header, payloadPart: 2))
        }
    }

    @Test func damagedMessage_NeverBecomesAFrameThatContradictsItself() {
        var generator = SeededGenerator(state: 5)
        for _ in 0..<20_000 {
            var parts = Wire.frame()
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let part = Int.random(in: 0..<parts.count, using: &generator)
                let at = Int.random(in: 0...parts[part].count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0 where at < parts[part].count: parts[part][at] ^= 1 << UInt8.random(in: 0...7, using: &generator)
                case 1: parts[part].insert(.random(in: 0...255, using: &generator), at: at)
                case 2: parts[part].removeSubrange(at...)
                default: parts.swapAt(part, Int.random(in: 0..<parts.count, using: &generator))
                }
            }
            guard case .frame(let header, let payloadPart) = codec.read(parts) else { continue }
            #expect(CameraName.isValid(header.camera))
            #expect(payloadPart == 2 && parts[0] == Wire.bytes("\(header.camera)/color"))
            #expect(header.codec == .jpeg || header.size.map { $0.area * 3 } == parts[payloadPart].count)
            #expect((header.sequence ?? 0) <= UInt64(Int64.max))
        }
    }
}

extension CRC32 {
    static func of(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { checksum($0) } }
}
