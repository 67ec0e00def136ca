/// What the whole of flawd is doing, in the words of whoever programs a line.
public enum StationState: String, Sendable, Codable, CaseIterable {
    /// Model, journal and sockets are being made.
    case starting
    /// Everything is up, and no frame has come for a while.
    case ready
    /// Frames come and are inspected.
    case running
    /// Frames are inspected, but nothing passes until somebody has acknowledged why.
    case halted
    /// Verdicts cannot be given as they should: the journal does not take them.
    case error
    /// No more frames are taken; what is inside is inspected.
    case stopping
}
