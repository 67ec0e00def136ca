/// How frames are divided and looked at.
public struct CalibrationSettings: Sendable {
    /// Of good and defective frames alike, the share that limits are not chosen on. Between 0 and 1.
    public var heldOutShare = 0.5
    public var seed: UInt64 = 1
    /// How often the regions of a held-out frame are moved a little and inspected again; 0: never.
    public var jitters = 4
    /// Threads, each with a frame of its own.
    public var workers = 1
    /// A frame that cannot be used is an error, instead of being named and left out.
    public var isStrict = false

    public init() {}

    var heldOutRatio: Double { heldOutShare / (1 - heldOutShare) }
}
