/// What is measured, and how.
public struct EvaluationSettings: Sendable {
    public var prompts = EvaluationPrompt.allCases
    /// Of the random points and of the halves.
    public var seed: UInt64 = 1
    /// The n of PGn and PBn, and rates that held-out limits are chosen for. 0 … 1.
    public var rates = [0.05]
    public var limits = LimitSource.halves
    /// A picture that cannot be used is an error, instead of being named and left out.
    public var isStrict = false
    /// Threads, each with a picture of its own.
    public var workers = 1
    /// Cases of each kind that a report shows; 0: no pictures are drawn.
    public var cases = 0

    public init() {}

    var targets: [LimitTarget] { [.balanced] + rates.map { .escapes($0) } + rates.map { .overkill($0) } }
}
