import Inspection
import SelfPerception
import Service

/// A truth table as text.
enum TruthReport {
    static func lines(_ table: TruthTable) -> [String] {
        let (bad, good) = (table.total(defective: true), table.total(defective: false))
        var lines = ["", "\(table.count) of \(table.isDefective.count) known parts seen" + (table.unknown > 0 ? ", \(table.unknown) events of unknown parts" : "")]
        lines.append(row("", Verdict.allCases.map(\.rawValue)))
        for (name, defective) in [("defective", true), ("good", false)] {
            lines.append(row(name, Verdict.allCases.map { "\(table.count(defective: defective, $0))" }))
        }
        lines.append("escapes \(share(table.escapes, bad)), overkill \(share(table.overkill, good)) at the published verdicts")
        let ranking = table.ranking
        if let auroc = ranking.auroc { lines.append("AUROC of the highest region score \(fixed(auroc, 3))") }
        if let balanced = ranking.balanced {
            lines.append(
                "escapes \(share(balanced.escapes, balanced.defective)), overkill \(share(balanced.overkill, balanced.good)) at the balancing limit \(fixed(balanced.limit, 3))")
        }
        return lines
    }

    private static func share(_ count: Int, _ total: Int) -> String {
        total == 0 ? "\(count) of 0" : "\(count) of \(total) (\(fixed(100 * Double(count) / Double(total), 1))%)"
    }

    private static func row(_ name: String, _ cells: [String]) -> String {
        ([name] + cells).map { $0 + String(repeating: " ", count: max(1, 13 - $0.count)) }.joined()
    }
}
