import Inspection
import SelfPerception

/// Counts what a gate finds, frame by frame, in bounded memory.
struct GateTally {
    private(set) var report: GateReport
    let tolerance: GateTolerance
    private var histogram = DriftHistogram()
    private var driftSum = 0.0
    private var magnitudeSum = 0.0
    private var iouSum = 0.0
    private var regions: [RegionKey: RegionSums] = [:]
    private var changes: [GateChange.Kind: [GateChange]] = [:]

    private struct RegionKey: Hashable {
        var camera: String
        var name: String
    }

    private struct RegionSums {
        var frames = 0
        var changed = 0
        var drift = 0.0
        var magnitude = 0.0
        var largest = 0.0
        var masks = 0
        var iou = 0.0
        var leastIoU = 1.0
    }

    /// Changes of one kind that are listed.
    static let mostChanges = 1000
    /// Hashes, names and problems that are listed.
    private static let mostNames = 100

    init(recordings: [String], tolerance: GateTolerance) {
        report = GateReport(recordings: recordings)
        self.tolerance = tolerance
    }

    /// - Parameters:
    ///   - recorded: nil: the recording has none of this frame.
    ///   - comparison: of both; nil without a recorded one.
    /// - Returns: what changed, if anything that is to be listed did.
    mutating func add(_ fresh: VerdictEvent, recorded: VerdictEvent?, comparison: FrameComparison?) -> GateChange? {
        report.frames += 1
        if fresh.verdict == .uninspected {
            report.uninspectedNow[(fresh.reason ?? .modelError).rawValue, default: 0] += 1
            if fresh.reason == .noRegion { Self.note(fresh.camera, in: &report.camerasWithoutRegions) }
        } else {
            // A frame that no model looked at says nothing of one.
            Self.note(fresh.model, in: &report.model.now)
            Self.note(fresh.roiRevision, in: &report.regionFile.now)
            Self.note(fresh.build, in: &report.program.now)
        }
        guard let recorded, let comparison else {
            report.withoutVerdict += 1
            return nil
        }
        report.transitions[recorded.verdict.rawValue, default: [:]][fresh.verdict.rawValue, default: 0] += 1
        guard recorded.verdict != .uninspected else {
            report.uninspectedThen[(recorded.reason ?? .modelError).rawValue, default: [:]][fresh.verdict.rawValue, default: 0] += 1
            return nil
        }
        Self.note(recorded.model, in: &report.model.recorded)
        Self.note(recorded.roiRevision, in: &report.regionFile.recorded)
        Self.note(recorded.build, in: &report.program.recorded)
        report.compared += 1
        add(comparison, of: fresh, hasDefects: (recorded.regions + fresh.regions).contains { !$0.defects.isEmpty })
        return change(recorded, fresh, comparison)
    }

    private mutating func change(_ recorded: VerdictEvent, _ fresh: VerdictEvent, _ comparison: FrameComparison) -> GateChange? {
        var kind = GateChange.Kind(from: recorded.verdict, to: fresh.verdict)
        if kind != nil { report.changed += 1 }
        switch kind {
        case .escape: report.escapes += 1
        case .overkill: report.overkill += 1
        default: break
        }
        if kind == nil, tolerance.isExceeded(by: comparison) { kind = .drift }
        guard let kind else { return nil }
        let change = GateChange(kind, recorded: recorded, fresh: fresh, comparison: comparison)
        if changes[kind, default: []].count < Self.mostChanges { changes[kind, default: []].append(change) } else { report.unlistedChanges += 1 }
        return change
    }

    private mutating func add(_ comparison: FrameComparison, of fresh: VerdictEvent, hasDefects: Bool) {
        let place = "\(fresh.camera) frame \(fresh.sequence)"
        for region in comparison.regions {
            let drift = region.drift, magnitude = abs(drift)
            if magnitude > report.drift.largest {
                report.drift.largest = magnitude
                report.drift.largestAt = "\(place), \(region.name)"
            }
            histogram.add(magnitude)
            driftSum += drift
            magnitudeSum += magnitude
            var sums = regions[RegionKey(camera: fresh.camera, name: region.name)] ?? RegionSums()
            sums.frames += 1
            sums.changed += region.verdict == region.recordedVerdict ? 0 : 1
            sums.drift += drift
            sums.magnitude += magnitude
            sums.largest = max(sums.largest, magnitude)
            if let iou = region.iou {
                sums.masks += 1
                sums.iou += iou
                sums.leastIoU = min(sums.leastIoU, iou)
            }
            regions[RegionKey(camera: fresh.camera, name: region.name)] = sums
        }
        for name in comparison.onlyRecorded { Self.note("\(fresh.camera): \(name)", in: &report.regionsOnlyRecorded) }
        for name in comparison.onlyNow { Self.note("\(fresh.camera): \(name)", in: &report.regionsOnlyNow) }
        if let problem = comparison.problem {
            report.masks.unreadable += 1
            complain("\(place): a recorded mask cannot be read: \(problem)")
        }
        guard let iou = comparison.iou else { return }
        report.masks.frames += 1
        guard hasDefects else { return }
        report.masks.withDefects += 1
        iouSum += iou
        if iou < report.masks.least {
            report.masks.least = iou
            report.masks.leastAt = place
        }
    }

    private mutating func complain(_ problem: String) { Self.note(problem, in: &report.problems) }

    private static func note(_ name: String?, in list: inout [String]) {
        guard let name, list.count < mostNames, !list.contains(name) else { return }
        list.append(name)
    }

    /// The report so far, with what is beyond the tolerance.
    func finished() -> GateReport {
        var report = report
        report.drift.regions = histogram.count
        if histogram.count > 0 {
            report.drift.mean = driftSum / Double(histogram.count)
            report.drift.meanMagnitude = magnitudeSum / Double(histogram.count)
            report.drift.median = histogram.quantile(0.5) ?? 0
            report.drift.p90 = histogram.quantile(0.9) ?? 0
            report.drift.p99 = histogram.quantile(0.99) ?? 0
        }
        if report.masks.withDefects > 0 { report.masks.mean = iouSum / Double(report.masks.withDefects) }
        report.regions = regions.sorted { ($0.key.camera, $0.key.name) < ($1.key.camera, $1.key.name) }.map { key, sums in
            let frames = Double(sums.frames)
            return GateReport.Region(
                camera: key.camera, name: key.name, frames: sums.frames, changed: sums.changed, meanDrift: sums.drift / frames,
                meanMagnitude: sums.magnitude / frames, largest: sums.largest, meanIoU: sums.masks > 0 ? sums.iou / Double(sums.masks) : 1,
                leastIoU: sums.leastIoU)
        }
        for path in [\GateReport.model, \.regionFile, \.program] {
            report[keyPath: path].recorded.sort()
            report[keyPath: path].now.sort()
        }
        report.changes = GateChange.Kind.allCases.flatMap { changes[$0] ?? [] }
        report.beyondTolerance = violations(of: report)
        return report
    }

    private func violations(of report: GateReport) -> [String] {
        var lines: [String] = []
        if report.compared == 0 { lines.append("no frame could be compared, so nothing is proved") }
        if !tolerance.changed.allows(report.changed, of: report.compared) {
            lines.append("\(report.changed) of \(report.compared) verdicts changed, at most \(tolerance.changed) may")
        }
        if !tolerance.withoutVerdict.allows(report.withoutVerdict, of: report.frames) {
            lines.append("\(report.withoutVerdict) of \(report.frames) frames have no recorded verdict to be compared with, at most \(tolerance.withoutVerdict) may")
        }
        if let most = tolerance.drift, report.drift.largest > most {
            lines.append("a score drifted by \(shown(report.drift.largest)), at most \(shown(most)) is tolerated (\(report.drift.largestAt ?? ""))")
        }
        if let least = tolerance.iou, report.masks.least < least {
            lines.append("a mask's IoU is \(shown(report.masks.least)), at least \(shown(least)) is tolerated (\(report.masks.leastAt ?? ""))")
        }
        // What cannot be compared is not within a limit that was set.
        if tolerance.iou != nil, report.masks.unreadable > 0 { lines.append("recorded masks of \(report.masks.unreadable) frames cannot be read") }
        return lines
    }
}
