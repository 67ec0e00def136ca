/// How a journal is kept.
public struct JournalSettings: Sendable, Equatable {
    /// What an event that was published is safe from.
    public enum Durability: String, Sendable, CaseIterable {
        /// A loss of power: SQLite's `synchronous=FULL`.
        case full
        /// The death of the process, but not a loss of power: `synchronous=NORMAL`.
        case normal
    }

    public var durability = Durability.full
    /// Events go that are older; nil: none goes by its age.
    public var keepSeconds: Double? = 90 * 86_400
    /// The oldest events go when all take more; nil: none goes by size.
    public var keepBytes: Int64? = 4 << 30
    /// Kept on the disk for the day that it is full: given up, it is room for the last events.
    public var ballastBytes: Int64 = 16 << 20

    public init() {}
}
