import Imaging

/// Recognises the three wire formats by a message's parts and checks everything that can be known before the picture
/// is decoded. Pure functions of the bytes.
struct FrameCodec {
    /// What a message is; the payload is named by its part, so that nothing is copied to find out.
    enum Reading: Equatable {
        case frame(FrameHeader, payloadPart: Int)
        case unusable(camera: String, sequence: UInt64?, partID: String?, problem: String)
        case notice(topic: String)
        case rejected(problem: String)
    }

    /// The parts of the longest legal message.
    static let maxParts = 3

    /// JPEG's own limit for a side (ITU-T T.81 allows 65535; libjpeg reads up to 65500).
    static let maxSide = 65500

    var limits = StreamLimits()
    var images = ImageLimits()

    /// - Parameters:
    ///   - parts: the message's first parts, at most three.
    ///   - count: how many parts it had in all.
    func read(_ parts: [UnsafeRawBufferPointer], count: Int) -> Reading {
        do throws(WireProblem) {
            switch count {
            case 2: return try readTwo(parts[0], parts[1])
            case 3: return try readCameraStream(topic: parts[0], header: parts[1], payload: parts[2])
            default: throw WireProblem("a message of \(count) parts; a frame has 2 or 3")
            }
        } catch {
            return damaged(parts, error)
        }
    }

    private func readTwo(_ first: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) throws(WireProblem) -> Reading {
        if first.starts(with: "status/".utf8) {
            return .notice(topic: String(decoding: first.prefix(CameraName.maxBytes), as: UTF8.self))
        }
        if first.first == UInt8(ascii: "{") { return try readImageZMQ(header: first, payload: payload) }
        guard cameraOfTopic(first) == nil else {
            throw WireProblem("2 parts under the topic of a camera-stream frame, which has 3: topic, header, payload")
        }
        guard let camera = CameraName.read(first) else {
            throw WireProblem("2 parts, and the first is no camera name: UTF-8, 1 to \(CameraName.maxBytes) bytes, "
                + "no control characters")
        }
        guard !payload.isEmpty else {
            return .unusable(camera: camera, sequence: nil, partID: nil, problem: "the payload is empty")
        }
        return .frame(FrameHeader(format: .bare, camera: camera, codec: .jpeg), payloadPart: 1)
    }

    // MARK: Checks that formats share

    func checkedSize(width: Int64, height: Int64) throws(WireProblem) -> PixelSize {
        // Sides of at most 65500 have a product that an Int holds three times over.
        let size = PixelSize(width: Int(width), height: Int(height))
        guard size.width <= images.maxWidth, size.height <= images.maxHeight, size.area <= images.maxPixels else {
            throw WireProblem("\(width)x\(height) pixels, at most \(images.maxWidth)x\(images.maxHeight) and "
                + "\(images.maxPixels) in all are accepted")
        }
        return size
    }

    func checkRaw(_ payload: UnsafeRawBufferPointer, is size: PixelSize) throws(WireProblem) {
        guard payload.count == size.area * 3 else {
            throw WireProblem("\(payload.count) bytes of raw pixels, \(size.width)x\(size.height) takes \(size.area * 3)")
        }
    }

    /// `<camera>` where the bytes are `<camera>/color`.
    func cameraOfTopic(_ topic: UnsafeRawBufferPointer) -> String? {
        let suffix = "/color".utf8
        guard topic.count > suffix.count, topic.suffix(suffix.count).elementsEqual(suffix) else { return nil }
        return CameraName.read(UnsafeRawBufferPointer(rebasing: topic.dropLast(suffix.count)))
    }

    // MARK: Whose damaged message it was

    /// A part of the line whose frame cannot be read still wants its verdict, so every place that may name the camera is
    /// looked at: the topic, the header wherever it stands, and a bare camera name behind a JPEG.
    private func damaged(_ parts: [UnsafeRawBufferPointer], _ problem: WireProblem) -> Reading {
        let topicCamera = parts.first.flatMap(cameraOfTopic)
        for part in parts.reversed() {
            guard part.first == UInt8(ascii: "{"), let fields = try? HeaderFields(part, limits: limits),
                  let camera = (try? fields.camera(.camera)) ?? (try? fields.camera(.message))
            else { continue }
            guard topicCamera == nil || topicCamera == camera else { break }
            let sequence = try? fields.optionalInteger(.sequence)
            return .unusable(camera: camera, sequence: sequence.map { UInt64($0) },
                             partID: try? fields.partID(), problem: problem.text)
        }
        if let topicCamera {
            return .unusable(camera: topicCamera, sequence: nil, partID: nil, problem: problem.text)
        }
        if parts.count == 2, parts[0].starts(with: [0xFF, 0xD8]), let camera = CameraName.read(parts[1]) {
            return .unusable(camera: camera, sequence: nil, partID: nil, problem: problem.text)
        }
        return .rejected(problem: problem.text)
    }
}
