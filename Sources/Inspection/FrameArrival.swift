/// How a frame's number follows those that its camera sent before.
public enum FrameArrival: String, Sendable, Codable, CaseIterable {
    /// The first of a camera since flawd started, or of a count that began anew.
    case first, restart
    /// The next one, and one before which some are missing.
    case next, gap
    /// The same number again, and one of those that were reported missing before.
    case duplicate, late
}

/// What an event that was published is safe from.
public enum EventDurability: String, Sendable, Codable, CaseIterable {
    /// Nothing: there is no journal.
    case none
    /// The death of the process, but not a loss of power.
    case normal
    /// A loss of power.
    case full
}
