import Inspection

/// How far the row of numbers goes, as the publishing thread last knew.
struct LedgerState: Sendable {
    var epoch = ""
    /// The highest number that was committed.
    var seq: UInt64 = 0
    var durability = EventDurability.none
    /// Why verdicts wait to be committed; nil: they do not.
    var failure: String?
}
