import Foundation
import Inspection
import SelfPerception

extension GateReport {
    /// The answer, in a line.
    var headline: String {
        if passes { return "The gate is open: \(compared) of \(frames) frames were compared, and nothing is beyond the tolerance." }
        var reasons = beyondTolerance.isEmpty ? [] : ["beyond the tolerance"]
        if !losses.isEmpty { reasons.append("the recording is not whole") }
        if isStopped { reasons.append("it was stopped before the end") }
        return "The gate stays shut: \(reasons.joined(separator: ", "))."
    }

    /// Why the gate stays shut, line by line.
    public var objections: [String] {
        beyondTolerance.map { "beyond the tolerance: \($0)" } + losses.map { "the recording is not whole: \($0)" }
            + (isStopped ? ["it was stopped after \(frames) frames"] : [])
    }

    /// What was found, line by line. The first two are the changes that a line fears.
    var findings: [String] {
        var lines = [
            "escapes (fail → pass): \(escapes)",
            "overkill (pass → fail): \(overkill)",
            "other changes: \(otherChanges); in all \(changed) of \(compared) compared verdicts changed",
        ]
        if drift.regions > 0 {
            lines.append(
                "score drift over \(drift.regions) regions: mean \(shown(drift.mean)), magnitude mean \(shown(drift.meanMagnitude)), median \(shown(drift.median)), p90 \(shown(drift.p90)), p99 \(shown(drift.p99)), largest \(shown(drift.largest))"
                    + (drift.largestAt.map { " (\($0))" } ?? ""))
        }
        if masks.frames > 0 {
            lines.append(
                "masks of \(masks.withDefects) frames with defects: mean IoU \(fixed(masks.mean, 3)), least \(fixed(masks.least, 3))\(masks.leastAt.map { " (\($0))" } ?? ""); \(masks.frames - masks.withDefects) frames have none, then and now")
        }
        lines += identities
        return lines + exceptions
    }

    private var identities: [String] {
        [("model", model), ("region file", regionFile), ("program", program)].map { name, identity in
            func list(_ hashes: [String]) -> String {
                hashes.isEmpty ? "none" : hashes.map { $0.split(separator: "+").map { $0.prefix(12) }.joined(separator: "+") }.joined(separator: ", ")
            }
            return identity.isSame ? "\(name): the same, \(list(identity.now))" : "\(name): recorded \(list(identity.recorded)), now \(list(identity.now))"
        }
    }

    /// What could not be compared, and what else is not as it should be.
    private var exceptions: [String] {
        func counts(_ counts: [String: Int]) -> String { counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ") }
        var lines = uninspectedThen.sorted { $0.key < $1.key }.map { reason, now in
            "not inspected then (\(reason)): \(now.values.reduce(0, +)); would have been \(counts(now))"
        }
        if !uninspectedNow.isEmpty { lines.append("not inspected now: \(counts(uninspectedNow))") }
        if !camerasWithoutRegions.isEmpty { lines.append("cameras without an entry in the region file: \(camerasWithoutRegions.joined(separator: ", "))") }
        if !regionsOnlyRecorded.isEmpty { lines.append("regions that only the recorded verdicts have: \(regionsOnlyRecorded.joined(separator: ", "))") }
        if !regionsOnlyNow.isEmpty { lines.append("regions that only the verdicts of now have: \(regionsOnlyNow.joined(separator: ", "))") }
        if withoutVerdict > 0 { lines.append("frames without a recorded verdict: \(withoutVerdict), inspected, not compared") }
        if verdictsWithoutFrame > 0 { lines.append("recorded verdicts whose frame is not in the recording: \(verdictsWithoutFrame)") }
        if unreadableVerdicts > 0 { lines.append("recorded verdicts that cannot be read: \(unreadableVerdicts)") }
        return lines + problems
    }

    var rateLine: String {
        "\(frames) frames of \(recordings.count) recording\(recordings.count == 1 ? "" : "s") in \(fixed(seconds, 1)) s, \(fixed(framesPerSecond, 1)) a second, \(workers) worker(s) of \(threads) thread(s)"
    }

    // MARK: Tables

    /// Recorded verdicts down, those of now across.
    var verdictTable: ReportTable {
        let names = Verdict.allCases.map(\.rawValue)
        return ReportTable(
            title: "Verdicts", header: ["recorded"] + names.map { "now \($0)" },
            rows: names.compactMap { recorded in
                transitions[recorded].map { now in [recorded] + names.map { String(now[$0] ?? 0) } }
            })
    }

    var regionTable: ReportTable {
        ReportTable(
            title: "Regions", header: ["camera", "region", "frames", "changed", "mean drift", "mean magnitude", "largest", "mean IoU", "least IoU"],
            rows: regions.map { region in
                [region.camera, region.name, String(region.frames), String(region.changed), shown(region.meanDrift), shown(region.meanMagnitude), shown(region.largest), fixed(region.meanIoU, 3), fixed(region.leastIoU, 3)]
            }, wordColumns: 2)
    }

    /// - Parameter most: rows.
    func changeTable(most: Int) -> ReportTable {
        ReportTable(
            title: "Changed frames", header: ["kind", "camera", "frame", "part", "time", "recorded", "now", "drift", "IoU", "recorded because", "now because"],
            rows: changes.prefix(most).map { change in
                [
                    change.kind.rawValue, change.camera, String(change.sequence), change.partID ?? "", change.time, change.recorded.rawValue,
                    change.now.rawValue, change.drift.map(shown) ?? "–", change.maskIoU.map { fixed($0, 3) } ?? "–", change.recordedReason, change.nowReason,
                ].map(\.withoutControls)
            }, wordColumns: 11)
    }
}

/// A score difference: small ones count, so at least two digits of what is not 0.
func shown(_ drift: Double) -> String {
    drift == 0 ? "0" : abs(drift) >= 0.1 ? fixed(drift, 3) : String(format: "%.2g", drift)
}

extension String {
    /// In one line of a terminal: recorded words may be anybody's.
    var withoutControls: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }
}
