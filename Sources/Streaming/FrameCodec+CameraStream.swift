import Imaging

/// camera-stream (PyPI, 0.3): `[topic "<camera>/color", JSON header, payload]`.
extension FrameCodec {
    func readCameraStream(
        topic: UnsafeRawBufferPointer, header: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
    ) throws(WireProblem) -> Reading {
        let fields = try HeaderFields(header, limits: limits)
        let version = try fields.integer(.schemaVersion)
        guard version == 1 else { throw WireProblem("schema_version is \(version), 1 is understood") }
        let camera = try fields.camera(.camera)
        let stream = try fields.string(.stream)
        // Compared byte by byte: String's == takes two spellings of one accented letter for equal, subscriptions do not.
        guard topic.elementsEqual("\(camera)/\(stream)".utf8) else {
            throw WireProblem("the topic is not '\(camera)/\(stream.prefix(80))', which the header's camera and stream make")
        }
        // A depth map, or flawd's own mask: nothing to inspect.
        guard stream == "color" else { return .notice(topic: "\(camera)/\(stream.prefix(80))") }

        var frame = FrameHeader(format: .cameraStream, camera: camera, codec: try codec(fields))
        frame.sequence = UInt64(try fields.integer(.sequence))
        frame.capturedMonotonicNs = try fields.integer(.capturedMonotonicNs)
        frame.capturedUTCNs = try fields.integer(.capturedUTCNs)
        frame.partID = try fields.partID()
        frame.trigger = try fields.optionalInteger(.trigger)
        let size = try checkedSize(
            width: try fields.integer(.width, 1...Int64(Self.maxSide)),
            height: try fields.integer(.height, 1...Int64(Self.maxSide)))
        frame.size = size

        let announced = try fields.integer(.payloadSize)
        guard announced == payload.count else {
            throw WireProblem("payload_size is \(announced), the payload has \(payload.count) bytes")
        }
        guard !payload.isEmpty else { throw WireProblem("the payload is empty") }
        if frame.codec == .rawBGR8 { try checkRaw(payload, is: size) }
        if let expected = try fields.optionalInteger(.payloadCRC32, 0...Int64(UInt32.max)) {
            let actual = CRC32.checksum(payload)
            guard Int64(actual) == expected else {
                throw WireProblem("payload_crc32 is \(expected), the payload's is \(actual)")
            }
            frame.payloadCRC32 = actual
        }
        return .frame(frame, payloadPart: 2)
    }

    private func codec(_ fields: HeaderFields) throws(WireProblem) -> FrameHeader.Codec {
        let pixelFormat = try fields.string(.pixelFormat)
        guard pixelFormat == "bgr8" else {
            throw WireProblem("pixel_format is '\(pixelFormat.prefix(80))', bgr8 is understood")
        }
        let name = try fields.string(.codec)
        guard let codec = FrameHeader.Codec(rawValue: name) else {
            throw WireProblem("codec is '\(name.prefix(80))', jpeg and raw_bgr8 are understood")
        }
        return codec
    }
}
