import Imaging
@testable import Streaming

/// Messages for tests, as a producer would build them.
enum Wire {
    /// A header's members in order, written as they are: a value is JSON text.
    typealias Members = [(key: String, json: String)]

    static let camera = "line1/top"
    static let topic = bytes("line1/top/color")

    /// 4 × 2 pixels of raw BGR.
    static let rawPayload = [UInt8](0..<24)
    /// Not a picture that decodes, but what the codec takes for a JPEG payload.
    static let jpegPayload: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3, 0xFF, 0xD9]

    static func members(sequence: Int = 7, codec: String = "raw_bgr8", payloadSize: Int = 24) -> Members {
        [
            ("camera", "\"line1/top\""), ("captured_monotonic_ns", "123456789"),
            ("captured_utc_ns", "1795387163479516200"), ("codec", "\"\(codec)\""), ("height", "2"),
            ("payload_size", "\(payloadSize)"), ("pixel_format", "\"bgr8\""), ("schema_version", "1"),
            ("sequence", "\(sequence)"), ("stream", "\"color\""), ("timestamp_source", "\"host\""), ("width", "4"),
        ]
    }

    static func json(_ members: Members) -> [UInt8] {
        bytes("{" + members.map { "\"\($0.key)\":\($0.json)" }.joined(separator: ",") + "}")
    }

    /// The good header with one member replaced (or added), or left out where `json` is nil.
    static func header(_ key: String, _ json: String?, in members: Members = Wire.members()) -> [UInt8] {
        var changed = members
        changed.removeAll { $0.key == key }
        if let json { changed.append((key, json)) }
        return Wire.json(changed)
    }

    static func frame(sequence: Int = 7) -> [[UInt8]] { [topic, json(members(sequence: sequence)), rawPayload] }

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}

extension FrameCodec {
    /// Reads parts as a socket would hand them over: three at most, and the count of all.
    func read(_ parts: [[UInt8]]) -> Reading {
        let held = parts.prefix(Self.maxParts).map { Payload(copying: $0) }
        func reading(_ index: Int, _ pointers: [UnsafeRawBufferPointer]) -> Reading {
            guard index < held.count else { return read(pointers, count: parts.count) }
            return held[index].withBytes { reading(index + 1, pointers + [$0]) }
        }
        return reading(0, [])
    }
}

extension FrameCodec.Reading {
    var header: FrameHeader? {
        guard case .frame(let header, _) = self else { return nil }
        return header
    }

    /// The problem of a message whose camera is known.
    func problem(of camera: String) -> String? {
        guard case .unusable(camera, _, _, let problem) = self else { return nil }
        return problem
    }

    var rejection: String? {
        guard case .rejected(let problem) = self else { return nil }
        return problem
    }
}

/// A generator with a seed, so that a failing property can be repeated (splitmix64, Steele et al., OOPSLA 2014).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
