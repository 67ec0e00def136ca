import Streaming

/// Which frames a daemon records, and where.
public struct RecordingSettings: Sendable, Equatable {
    public enum Selection: Sendable, Equatable {
        case all
        /// Every frame that did not pass, and so many of its camera's frames before and after it.
        case failures(before: Int, after: Int)
        /// One frame of each camera out of so many.
        case sampled(every: Int)
    }

    public var folder: String
    public var selection = Selection.all
    public var files = FrameRecorder.Settings()
    /// Payloads that wait to be recorded, in bytes; frames beyond are inspected, but not recorded.
    public var waitingBytes = 256 << 20

    public init(folder: String) {
        self.folder = folder
        files.keepBytes = 64 << 30
    }
}
