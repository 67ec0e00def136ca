/// A verdict of a recording, as flawd published it when it was recorded.
public struct RecordedVerdict {
    public var camera: String
    /// When it was received; ns since 1970.
    public var receivedUTCNs: UInt64
    /// The event's JSON; valid during the call that the verdict is given to. It may be anything.
    public var json: UnsafeRawBufferPointer

    private static let suffix = "/verdict"

    /// The camera whose verdicts a channel has; nil: it has none.
    static func camera(of channel: MCAPChannel) -> String? {
        guard channel.encoding == "json", channel.topic.hasSuffix(suffix) else { return nil }
        let camera = String(channel.topic.dropLast(suffix.count))
        return CameraName.isValid(camera) ? camera : nil
    }
}

/// What an inspected recording consists of.
public enum RecordedMessage {
    case frame(RecordedFrame)
    case verdict(RecordedVerdict)
}
