/// What happens to a frame for which its camera's queue has no space.
public enum OverflowPolicy: String, Sendable, CaseIterable {
    /// Live: the camera's oldest waiting frame makes room and leaves as `uninspected (overload)`.
    case dropOldest = "drop_oldest"
    /// Replay: the receiver waits, so the socket's own limit holds the producer back.
    case block
}
