import Imaging

/// A frame of a recording, as it came off the wire when it was recorded.
public struct RecordedFrame {
    /// In a recording of another program's: camera, codec and size only.
    public var header: FrameHeader
    /// When it was received; ns since 1970.
    public var receivedUTCNs: UInt64
    /// Valid during the call that the frame is given to.
    public var payload: UnsafeRawBufferPointer
}

/// How a frame becomes messages, and messages a frame.
///
/// A camera has two channels: `<camera>/color` with the picture as Foxglove's message, and `<camera>/header` with the header as
/// camera-stream writes it (JSON). Header and picture have the same log time; the header comes first. The channels' metadata name the
/// camera and the wire format.
enum FrameRecord {
    static let headerSchema = MCAPSchema(name: "flawd.FrameHeader", encoding: "jsonschema", data: Array("""
        {"type": "object", "title": "flawd.FrameHeader", "description": "The header of a camera-stream frame; 0 where it is not known.", \
        "properties": {"schema_version": {"const": 1}, "camera": {"type": "string"}, "stream": {"const": "color"}, \
        "sequence": {"type": "integer"}, "captured_monotonic_ns": {"type": "integer"}, "captured_utc_ns": {"type": "integer"}, \
        "width": {"type": "integer"}, "height": {"type": "integer"}, "pixel_format": {"const": "bgr8"}, \
        "codec": {"enum": ["jpeg", "raw_bgr8"]}, "payload_size": {"type": "integer"}, "payload_crc32": {"type": "integer"}, \
        "part_id": {"type": "string"}, "trigger": {"type": "integer"}, "timestamp_source": {"type": "string"}}}
        """.utf8))

    static let cameraKey = "camera"
    static let formatKey = "wire_format"
    /// Of a channel that has headers.
    static let headerSuffix = "/header"
    static let pictureSuffix = "/color"

    static func channels(of header: FrameHeader) -> (header: MCAPChannel, picture: MCAPChannel) {
        let metadata = [cameraKey: header.camera, formatKey: header.format.rawValue], isRaw = header.codec == .rawBGR8
        return (
            MCAPChannel(topic: header.camera + headerSuffix, encoding: "json", metadata: metadata, schema: headerSchema),
            MCAPChannel(
                topic: header.camera + pictureSuffix, encoding: "protobuf", metadata: metadata,
                schema: isRaw ? FoxgloveImage.rawSchema : FoxgloveImage.compressedSchema)
        )
    }

    static func putHeader(_ header: FrameHeader, payloadBytes: Int, into fields: inout FieldWriter) {
        // Written by itself: the writer of a message may copy what it appends to, and a chunk has megabytes.
        var json: [UInt8] = []
        FrameMessage.appendHeader(
            of: header, stream: "color", pixelFormat: "bgr8", codecName: header.codec.rawValue,
            size: header.size ?? PixelSize(width: 0, height: 0), payloadBytes: payloadBytes, to: &json)
        fields.put(json)
    }

    /// The header that a message of a header channel says; nil where it says none.
    static func header(_ message: MCAPReader.Message) -> FrameHeader? {
        guard message.channel.topic.hasSuffix(headerSuffix), message.channel.encoding == "json",
              let format = message.channel.metadata[formatKey].flatMap(FrameHeader.WireFormat.init(rawValue:)),
              let fields = try? HeaderFields(message.data, limits: StreamLimits()), let camera = try? fields.camera(.camera),
              let codec = (try? fields.string(.codec)).flatMap(FrameHeader.Codec.init(rawValue:))
        else { return nil }
        var header = FrameHeader(format: format, camera: camera, codec: codec)
        if format == .cameraStream {
            header.sequence = (try? fields.optionalInteger(.sequence)).map { UInt64($0) }
            header.capturedMonotonicNs = try? fields.optionalInteger(.capturedMonotonicNs)
            header.capturedUTCNs = try? fields.optionalInteger(.capturedUTCNs)
        }
        header.partID = try? fields.partID()
        header.trigger = try? fields.optionalInteger(.trigger)
        header.payloadCRC32 = (try? fields.optionalInteger(.payloadCRC32, 0...Int64(UInt32.max))).map { UInt32($0) }
        let side = 1...Int64(FrameCodec.maxSide)
        if let width = try? fields.optionalInteger(.width, side), let height = try? fields.optionalInteger(.height, side) {
            header.size = PixelSize(width: Int(width), height: Int(height))
        }
        return header
    }

    /// The camera whose pictures a channel has; nil: it has none, or none that flawd reads.
    static func camera(of channel: MCAPChannel) -> String? {
        guard channel.encoding == "protobuf", let schema = channel.schema?.name,
              schema == FoxgloveImage.compressedName || schema == FoxgloveImage.rawName
        else { return nil }
        if let camera = channel.metadata[cameraKey] { return CameraName.isValid(camera) ? camera : nil }
        // Of another program's: /camera/image is what its topic says.
        var topic = channel.topic[...]
        if topic.hasPrefix("/") { topic = topic.dropFirst() }
        if topic.hasSuffix(pictureSuffix) { topic = topic.dropLast(pictureSuffix.count) }
        return CameraName.isValid(String(topic)) ? String(topic) : nil
    }
}
