import Imaging

/// The topic and header of an outgoing camera-stream message, as the published package (camera-stream 0.3) requires them.
///
/// That package shows only colour streams, under the topic `<camera>/color` with the codecs jpeg and raw_bgr8. A stream
/// of any other kind (flawd's mask) is for subscribers that know it. An overlay that the package's viewer shows is
/// therefore the colour stream of a camera of its own, `<camera>/overlay`; its topic starts with `<camera>/overlay`.
public enum FrameMessage {
    public static func topic(camera: String, stream: String) -> String { "\(camera)/\(stream)" }

    /// Appends the JSON header. Keys are in the order that camera-stream's own writer gives them.
    ///
    /// - Parameters:
    ///   - frame: camera, sequence, capture times and, where present, part, trigger and CRC. A sequence or a time that is not known
    ///     is written as 0, because the format has no other way to say so.
    ///   - payloadBytes: the length of the payload that follows.
    public static func appendHeader(
        of frame: FrameHeader, stream: String, pixelFormat: String, codecName: String, size: PixelSize,
        payloadBytes: Int, to json: inout [UInt8]
    ) {
        var object = Writer(json: json)
        json = []
        object.add(.camera, frame.camera)
        object.add(.capturedMonotonicNs, frame.capturedMonotonicNs ?? 0)
        object.add(.capturedUTCNs, frame.capturedUTCNs ?? 0)
        object.add(.codec, codecName)
        object.add(.height, size.height)
        if let partID = frame.partID { object.add(.partID, partID) }
        if let crc = frame.payloadCRC32 { object.add(.payloadCRC32, crc) }
        object.add(.payloadSize, payloadBytes)
        object.add(.pixelFormat, pixelFormat)
        object.add(.schemaVersion, 1)
        object.add(.sequence, frame.sequence ?? 0)
        object.add(.stream, stream)
        object.add(.timestampSource, "host")
        if let trigger = frame.trigger { object.add(.trigger, trigger) }
        object.add(.width, size.width)
        json = object.finished()
    }

    /// Appends the first part of an imagezmq message.
    ///
    /// - Parameter size: of a raw picture; nil for a JPEG.
    public static func appendImageZMQHeader(camera: String, size: PixelSize?, to json: inout [UInt8]) {
        var object = Writer(json: json)
        json = []
        object.add(.message, camera)
        if let size {
            object.add(.dataType, "uint8")
            object.add(.shape, [size.height, size.width, 3])
        }
        json = object.finished()
    }

    /// The topic of the message that tells camera-stream's viewer and `topic list` which cameras there are.
    public static let snapshotTopic = "status/snapshot"

    /// Appends the body of a `status/snapshot` message. camera-stream's viewer, started without `--camera`, shows the
    /// colour stream of each camera named here; without a snapshot it shows nothing.
    public static func appendSnapshot(cameras: [String], to json: inout [UInt8]) {
        var object = Writer(json: json)
        json = []
        object.add(.schemaVersion, 1)
        object.add(.type, "snapshot")
        object.addArray(.cameras, cameras) { camera, element in
            element.add(.name, camera)
            element.add(.topic, topic(camera: camera, stream: "color"))
            element.add(.state, "ONLINE")
        }
        json = object.finished()
    }

    /// A JSON object written member by member.
    private struct Writer {
        private var json: [UInt8]
        private var separator = UInt8(ascii: "{")

        init(json: consuming [UInt8]) { self.json = json }

        mutating func add(_ key: HeaderFields.Key, _ value: some BinaryInteger) {
            begin(key)
            json.append(contentsOf: String(value).utf8)
        }

        mutating func add(_ key: HeaderFields.Key, _ value: String) {
            begin(key)
            json.append(jsonString: value)
        }

        mutating func add(_ key: HeaderFields.Key, _ values: [Int]) {
            begin(key)
            json.append(contentsOf: "[\(values.map(String.init).joined(separator: ","))]".utf8)
        }

        mutating func addArray<T>(_ key: HeaderFields.Key, _ elements: [T], _ write: (T, inout Writer) -> Void) {
            begin(key)
            json.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { json.append(UInt8(ascii: ",")) }
                var object = Writer(json: json)
                json = []
                write(element, &object)
                json = object.finished()
            }
            json.append(UInt8(ascii: "]"))
        }

        consuming func finished() -> [UInt8] {
            json.append(UInt8(ascii: "}"))
            return json
        }

        private mutating func begin(_ key: HeaderFields.Key) {
            json.append(separator)
            separator = UInt8(ascii: ",")
            json.append(UInt8(ascii: "\""))
            json.append(contentsOf: key.rawValue.utf8)
            json.append(contentsOf: "\":".utf8)
        }
    }
}
