/// Foxglove's messages for pictures, protobuf-encoded, so that its viewer shows what was recorded
/// (foxglove-sdk, `schemas/proto/foxglove/{CompressedImage,RawImage}.proto`).
///
/// ```
/// CompressedImage: 1 timestamp, 2 data, 3 format, 4 frame_id
/// RawImage:        1 timestamp, 2 width, 3 height, 4 encoding, 5 step, 6 data, 7 frame_id
/// ```
enum FoxgloveImage {
    static let compressedName = "foxglove.CompressedImage"
    static let rawName = "foxglove.RawImage"

    static let compressedSchema = schema(compressedName, [
        ("timestamp", 1, .message), ("frame_id", 4, .string), ("data", 2, .bytes), ("format", 3, .string),
    ])
    static let rawSchema = schema(rawName, [
        ("timestamp", 1, .message), ("frame_id", 7, .string), ("width", 2, .fixed32), ("height", 3, .fixed32), ("encoding", 4, .string),
        ("step", 5, .fixed32), ("data", 6, .bytes),
    ])

    static func putCompressed(_ payload: UnsafeRawBufferPointer, camera: String, utcNs: UInt64, into fields: inout FieldWriter) {
        putTimestamp(utcNs, into: &fields)
        ProtobufWriter.bytes(4, camera.utf8, into: &fields)
        ProtobufWriter.bytes(3, "jpeg".utf8, into: &fields)
        ProtobufWriter.bytes(2, payload, into: &fields)
    }

    static func putRaw(_ payload: UnsafeRawBufferPointer, width: Int, height: Int, camera: String, utcNs: UInt64, into fields: inout FieldWriter) {
        putTimestamp(utcNs, into: &fields)
        ProtobufWriter.bytes(7, camera.utf8, into: &fields)
        ProtobufWriter.fixed32(2, UInt32(width), into: &fields)
        ProtobufWriter.fixed32(3, UInt32(height), into: &fields)
        ProtobufWriter.bytes(4, "bgr8".utf8, into: &fields)
        ProtobufWriter.fixed32(5, UInt32(width * 3), into: &fields)
        ProtobufWriter.bytes(6, payload, into: &fields)
    }

    /// What a picture's message says; the bytes lie in the message.
    struct Content {
        var data = UnsafeRawBufferPointer(start: nil, count: 0)
        /// `jpeg`, or of a raw picture its pixels, such as `bgr8`.
        var format = ""
        var frameID = ""
        var width: UInt32 = 0
        var height: UInt32 = 0
        var step: UInt32 = 0
    }

    /// nil: no such message, or a damaged one.
    static func content(of message: UnsafeRawBufferPointer, schema: String) -> Content? {
        let isRaw = schema == rawName
        guard isRaw || schema == compressedName else { return nil }
        var reader = ProtobufReader(message), content = Content()
        while let (number, value) = reader.next() {
            switch (number, value) {
            case (isRaw ? 6 : 2, .bytes(let bytes)): content.data = bytes
            case (isRaw ? 4 : 3, .bytes(let bytes)): content.format = String(decoding: bytes.prefix(80), as: UTF8.self)
            case (isRaw ? 7 : 4, .bytes(let bytes)): content.frameID = String(decoding: bytes.prefix(CameraName.maxBytes), as: UTF8.self)
            case (2, .fixed32(let width)) where isRaw: content.width = width
            case (3, .fixed32(let height)) where isRaw: content.height = height
            case (5, .fixed32(let step)) where isRaw: content.step = step
            default: break
            }
        }
        return reader.isAtEnd ? content : nil
    }

    private static func putTimestamp(_ utcNs: UInt64, into fields: inout FieldWriter) {
        ProtobufWriter.message(1, into: &fields) { fields in
            ProtobufWriter.integer(1, utcNs / 1_000_000_000, into: &fields)
            ProtobufWriter.integer(2, utcNs % 1_000_000_000, into: &fields)
        }
    }

    // MARK: Schemas

    /// Numbers of google.protobuf.FieldDescriptorProto.Type.
    private enum FieldType: UInt64 { case integer64 = 3, integer32 = 5, fixed32 = 7, string = 9, message = 11, bytes = 12 }

    /// A google.protobuf.FileDescriptorSet with the message and the timestamp it refers to, as MCAP's protobuf schemas are.
    private static func schema(_ name: String, _ members: [(name: String, number: Int, type: FieldType)]) -> MCAPSchema {
        let timestamp = "google/protobuf/timestamp.proto"
        let file = name.replacing(".", with: "/") + ".proto", parts = name.split(separator: ".")
        var set = FieldWriter()
        putFile(timestamp, package: "google.protobuf", imports: [], message: "Timestamp", [("seconds", 1, .integer64), ("nanos", 2, .integer32)], into: &set)
        putFile(file, package: String(parts[0]), imports: [timestamp], message: String(parts[1]), members, into: &set)
        return MCAPSchema(name: name, encoding: "protobuf", data: set.bytes)
    }

    private static func putFile(
        _ name: String, package: String, imports: [String], message: String, _ members: [(name: String, number: Int, type: FieldType)],
        into set: inout FieldWriter
    ) {
        ProtobufWriter.message(1, into: &set) { file in
            ProtobufWriter.bytes(1, name.utf8, into: &file)
            ProtobufWriter.bytes(2, package.utf8, into: &file)
            for name in imports { ProtobufWriter.bytes(3, name.utf8, into: &file) }
            ProtobufWriter.message(4, into: &file) { descriptor in
                ProtobufWriter.bytes(1, message.utf8, into: &descriptor)
                for member in members {
                    ProtobufWriter.message(2, into: &descriptor) { field in
                        ProtobufWriter.bytes(1, member.name.utf8, into: &field)
                        ProtobufWriter.integer(3, UInt64(member.number), into: &field)
                        // LABEL_OPTIONAL
                        ProtobufWriter.integer(4, 1, into: &field)
                        ProtobufWriter.integer(5, member.type.rawValue, into: &field)
                        if member.type == .message { ProtobufWriter.bytes(6, ".google.protobuf.Timestamp".utf8, into: &field) }
                    }
                }
            }
            ProtobufWriter.bytes(12, "proto3".utf8, into: &file)
        }
    }
}
