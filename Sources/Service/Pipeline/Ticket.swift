/// A frame's place in its camera's row of verdicts, drawn when the frame is received.
public struct Ticket: Hashable, Sendable {
    /// The camera's lane.
    let lane: Int
    /// Counts up by one in each lane.
    let number: UInt64
}
