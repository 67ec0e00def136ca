import Inspection
import SelfPerception

/// Verdicts against what is known of the parts: each part counts once, by its last verdict.
///
/// An escape is a defective part that no rejector stopped: passed, or not inspected. Overkill is a good part that was stopped:
/// failed, or up for review.
public struct TruthTable: Sendable {
    /// Whether a part, by name, is defective.
    public let isDefective: [String: Bool]
    private var parts: [String: (verdict: Verdict, score: Double?)] = [:]
    /// Events whose part is not among the known ones, or that name none.
    public private(set) var unknown = 0

    public init(isDefective: [String: Bool]) { self.isDefective = isDefective }

    /// Parts of a data set by their names, both its splits: `NAME` of `NAME.jpg`, and `NAME.png` where it is defective.
    ///
    /// - Throws: `DatasetError` when the folder cannot be read, holds no picture, or a file in it is wrong: a part whose
    ///   truth is not known cannot be counted.
    public init(folder: String) throws(DatasetError) {
        let parts = try DefectDataset.open(folder, isStrict: true).samples.map { ($0.name, $0.isDefective) }
        self.init(isDefective: Dictionary(parts) { first, _ in first })
    }

    public mutating func add(_ event: VerdictEvent) {
        guard let part = event.partID, isDefective[part] != nil else {
            unknown += 1
            return
        }
        parts[part] = (event.verdict, event.regions.map(\.score).max())
    }

    /// Parts seen so far.
    public var count: Int { parts.count }

    public func count(defective: Bool, _ verdict: Verdict) -> Int {
        parts.count { isDefective[$0.key] == defective && $0.value.verdict == verdict }
    }

    public func total(defective: Bool) -> Int { parts.count { isDefective[$0.key] == defective } }

    /// Defective parts that were not stopped.
    public var escapes: Int { count(defective: true, .pass) + count(defective: true, .uninspected) }
    /// Good parts that were stopped.
    public var overkill: Int { count(defective: false, .fail) + count(defective: false, .review) }

    /// The highest region score of each inspected part.
    public var ranking: Ranking {
        func scores(_ defective: Bool) -> [Double] {
            parts.compactMap { isDefective[$0.key] == defective ? $0.value.score : nil }
        }
        return Ranking(defective: scores(true), good: scores(false))
    }
}
