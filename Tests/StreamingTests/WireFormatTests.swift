import Imaging
import Testing
@testable import Streaming

/// Which of the formats a message is, and whose it was when it is none.
@Suite struct WireFormatTests {
    private let codec = FrameCodec()

    // MARK: imagezmq

    @Test func imagezmqJPEG_IsRecognised() {
        // As ImageSender.send_jpg of imagezmq 1.2.0 writes it: Python's json escapes what is not ASCII.
        let reading = codec.read([Wire.bytes(#"{"msg": "line1/t\u00f6p"}"#), Wire.jpegPayload])
        #expect(reading == .frame(FrameHeader(format: .imagezmq, camera: "line1/töp", codec: .jpeg), payloadPart: 1))
    }

    @Test func imagezmqRaw_IsRecognised() {
        // As ImageSender.send_image writes it.
        let reading = codec.read([Wire.bytes(#"{"msg": "top", "dtype": "uint8", "shape": [2, 4, 3]}"#), Wire.rawPayload])
        #expect(reading == .frame(
            FrameHeader(format: .imagezmq, camera: "top", codec: .rawBGR8, size: PixelSize(width: 4, height: 2)),
            payloadPart: 1))
    }

    @Test(arguments: [
        #""dtype": "uint8""#, #""shape": [2, 4, 3]"#, #""dtype": "float32", "shape": [2, 4, 3]"#,
        #""dtype": "uint8", "shape": [2, 4]"#, #""dtype": "uint8", "shape": [2, 4, 1]"#,
        #""dtype": "uint8", "shape": [2, 4, 4]"#, #""dtype": "uint8", "shape": [2, 4, 3, 1]"#,
        #""dtype": "uint8", "shape": [0, 4, 3]"#, #""dtype": "uint8", "shape": [65501, 4, 3]"#,
        #""dtype": "uint8", "shape": [4294967296, 4294967296, 3]"#, #""dtype": "uint8", "shape": [-2, -4, 3]"#,
        #""dtype": "uint8", "shape": [2.0, 4, 3]"#, #""dtype": "uint8", "shape": "2x4x3""#,
        #""dtype": "uint8", "shape": [2, 5, 3]"#, #""dtype": 8, "shape": [2, 4, 3]"#,
    ])
    func imagezmqRaw_IsUnusable_WhenItsShapeOrTypeIsWrong(members: String) {
        #expect(codec.read([Wire.bytes(#"{"msg": "top", "# + members + "}"), Wire.rawPayload]).problem(of: "top") != nil)
    }

    @Test func imagezmqWithoutACamera_IsRejected() {
        for bad in [#"{"msg": 5}"#, #"{"msg": ""}"#, #"{"msg": ["a", 1]}"#, "{}", "{", #"{"msg": "a","msg": "b"}"#,
                    #"{"msg": "a\u0007"}"#] {
            #expect(codec.read([Wire.bytes(bad), Wire.jpegPayload]).rejection != nil, "\(bad)")
        }
        let long = Wire.bytes(#"{"msg": "top", "x": ""# + String(repeating: "x", count: 4096) + "\"}")
        #expect(codec.read([long, Wire.jpegPayload]).rejection == "the header has \(long.count) bytes, at most 4096 are read")
    }

    // MARK: bare

    @Test func bareJPEG_IsRecognised() {
        #expect(codec.read([Wire.bytes("line1/top"), Wire.jpegPayload])
            == .frame(FrameHeader(format: .bare, camera: "line1/top", codec: .jpeg), payloadPart: 1))
    }

    @Test func cameraName_HasBounds() {
        let longest = String(repeating: "é", count: 100)
        #expect(codec.read([Wire.bytes(longest), Wire.jpegPayload]).header?.camera == longest)
        for bad in [Wire.bytes(longest + "x"), [], [0xFF], [0x61, 0xC3], Wire.bytes("a\nb"), Wire.bytes("a\u{7F}"),
                    Wire.bytes("a\u{85}")] {
            #expect(codec.read([bad, [1]]).rejection != nil, "\(bad)")
        }
        let topic = Wire.bytes(longest + "x/color")
        #expect(codec.read([topic, Wire.json(Wire.members()), Wire.rawPayload]).problem(of: Wire.camera) != nil)
    }

    @Test func emptyPayload_IsUnusable() {
        #expect(codec.read([Wire.bytes("top"), []]).problem(of: "top") == "the payload is empty")
        #expect(codec.read([Wire.bytes(#"{"msg": "top"}"#), []]).problem(of: "top") == "the payload is empty")
    }

    // MARK: Not frames

    @Test func status_IsANotice() {
        #expect(codec.read([Wire.bytes("status/snapshot"), Wire.bytes("{}")]) == .notice(topic: "status/snapshot"))
        #expect(codec.read([Wire.bytes("status/camera/top"), []]) == .notice(topic: "status/camera/top"))
    }

    @Test func otherStream_IsANotice() {
        let depth = Wire.header("stream", "\"depth\"", in: Wire.members(codec: "raw_z16"))
        #expect(codec.read([Wire.bytes("line1/top/depth"), depth, Wire.rawPayload]) == .notice(topic: "line1/top/depth"))
    }

    // MARK: Wrong parts

    @Test func topicThatTheHeaderContradicts_IsUnusable() throws {
        let header = Wire.json(Wire.members())
        #expect(codec.read([Wire.bytes("line2/color"), header, Wire.rawPayload]).problem(of: "line2") != nil)
        for topic in ["line1/top", "line1/top/depth", "line1/top/color/", "color", ""] {
            #expect(codec.read([Wire.bytes(topic), header, Wire.rawPayload]).problem(of: Wire.camera) != nil, "\(topic)")
        }
        let depth = Wire.header("stream", "\"depth\"")
        #expect(codec.read([Wire.topic, depth, Wire.rawPayload]).problem(of: Wire.camera) != nil)
        // The same name in two Unicode spellings is two topics.
        let composed = Wire.header("camera", "\"\u{e9}\"")
        #expect(codec.read([Wire.bytes("e\u{301}/color"), composed, Wire.rawPayload]).header == nil)
        #expect(codec.read([Wire.bytes("\u{e9}/color"), composed, Wire.rawPayload]).header?.camera == "\u{e9}")
    }

    @Test func swappedParts_KeepTheirCameraAndNeverBecomeAFrame() {
        let frame = Wire.frame()
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            #expect(codec.read(order.map { frame[$0] }).problem(of: Wire.camera) != nil, "\(order)")
        }
        #expect(codec.read([Wire.jpegPayload, Wire.bytes("top")]).problem(of: "top") != nil)
        #expect(codec.read([Wire.jpegPayload, Wire.bytes(#"{"msg":"top"}"#)]).problem(of: "top") != nil)
        #expect(codec.read([Wire.jpegPayload, [0xFF]]).rejection != nil)
    }

    @Test func missingOrExtraParts_KeepTheirCamera() throws {
        let frame = Wire.frame()
        #expect(codec.read([frame[0]]).problem(of: Wire.camera) != nil)
        #expect(codec.read([frame[1]]).problem(of: Wire.camera) != nil)
        #expect(codec.read([frame[0], frame[1]]) == .unusable(
            camera: Wire.camera, sequence: 7, partID: nil,
            problem: "2 parts under the topic of a camera-stream frame, which has 3: topic, header, payload"))
        #expect(codec.read([frame[0], frame[2]]).problem(of: Wire.camera) != nil)
        #expect(codec.read([frame[1], frame[2]]).problem(of: Wire.camera) != nil)
        #expect(codec.read(frame + [[1]]) == .unusable(
            camera: Wire.camera, sequence: 7, partID: nil, problem: "a message of 4 parts; a frame has 2 or 3"))
        #expect(codec.read([Wire.bytes("top"), Wire.jpegPayload, [1]]).rejection != nil)
    }

    @Test func messageThatNamesNobody_IsRejected() {
        #expect(codec.read([]).rejection == "a message of 0 parts; a frame has 2 or 3")
        #expect(codec.read([[]]).rejection != nil)
        #expect(codec.read([[], [], []]).rejection != nil)
        #expect(codec.read([Wire.bytes("top")]).rejection != nil)
        #expect(codec.read([Wire.bytes("/color"), [], []]).rejection != nil)
        #expect(codec.read([[UInt8]](repeating: [0xFF], count: 1000)).rejection != nil)
    }
}
