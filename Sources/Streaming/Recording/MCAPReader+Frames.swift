import Imaging

extension MCAPReader {
    /// The cameras whose pictures flawd can read here, in order of name.
    public var cameras: [String] { Set(index.channels.values.compactMap(FrameRecord.camera)).sorted() }

    /// The cameras whose verdicts are here, in order of name.
    public var verdictCameras: [String] { Set(index.channels.values.compactMap(RecordedVerdict.camera)).sorted() }

    /// The topics that hold something else, or pictures in a form that flawd does not read.
    public var otherTopics: [String] {
        Set(index.channels.values.filter { FrameRecord.camera(of: $0) == nil && !$0.topic.hasSuffix(FrameRecord.headerSuffix) }.map(\.topic)).sorted()
    }

    /// Calls `body` with the frames that were received in `times`, in that order, until it answers false.
    ///
    /// - Parameter isWanted: whether a camera's frames are.
    public func readFrames<Failure: Error>(
        times: ClosedRange<UInt64> = 0...UInt64.max, of isWanted: (String) -> Bool = { _ in true }, body: (RecordedFrame) throws(Failure) -> Bool
    ) throws(Failure) {
        try readMessages(times: times, of: isWanted) { (message) throws(Failure) in
            guard case .frame(let frame) = message else { return true }
            return try body(frame)
        }
    }

    /// The same with the verdicts that were recorded beside the frames: a frame's comes some time after it, perhaps in the next file.
    public func readMessages<Failure: Error>(
        times: ClosedRange<UInt64> = 0...UInt64.max, of isWanted: (String) -> Bool = { _ in true }, body: (RecordedMessage) throws(Failure) -> Bool
    ) throws(Failure) {
        var headers: [String: (time: UInt64, header: FrameHeader)] = [:]
        try read(times: times) { (message) throws(Failure) in
            if let camera = RecordedVerdict.camera(of: message.channel) {
                guard isWanted(camera) else { return true }
                return try body(.verdict(RecordedVerdict(camera: camera, receivedUTCNs: message.logTime, json: message.data)))
            }
            guard let camera = FrameRecord.camera(of: message.channel) else {
                if let header = FrameRecord.header(message), headers[header.camera] != nil || headers.count < FrameRecorder.maxCameras {
                    headers[header.camera] = (message.logTime, header)
                }
                return true
            }
            guard isWanted(camera), let schema = message.channel.schema?.name else { return true }
            guard let content = FoxgloveImage.content(of: message.data, schema: schema), let plain = content.header(of: camera) else {
                lose("\(path): a picture of \(camera) at \(message.logTime) ns is damaged, or neither JPEG nor packed bgr8")
                return true
            }
            let known = headers[camera].flatMap { $0.time == message.logTime && $0.header.codec == plain.codec ? $0.header : nil }
            return try body(.frame(RecordedFrame(header: known ?? plain, receivedUTCNs: message.logTime, payload: content.data)))
        }
    }
}

extension FoxgloveImage.Content {
    /// The header of a picture that has none of its own; nil for pictures that flawd does not read.
    fileprivate func header(of camera: String) -> FrameHeader? {
        var header = FrameHeader(format: .bare, camera: camera, codec: .jpeg)
        guard !data.isEmpty else { return nil }
        if width == 0 {
            guard format == "jpeg" || format == "jpg" || format.contains("jpeg") else { return nil }
            return header
        }
        guard format == "bgr8", (1...FrameCodec.maxSide).contains(Int(width)), (1...FrameCodec.maxSide).contains(Int(height)),
              Int(step) == Int(width) * 3, data.count == Int(width) * Int(height) * 3
        else { return nil }
        header.format = .imagezmq
        header.codec = .rawBGR8
        header.size = PixelSize(width: Int(width), height: Int(height))
        return header
    }
}
