import SelfPerception

/// Chooses a camera's limits on marked frames, and measures them on others.
///
/// Every frame goes through the inspector that the daemon runs. What its verdict is made of is kept, so that any limits can be
/// tried on it without asking the model again.
public struct Calibration: Sendable {
    let file: RegionFile
    let path: String
    let entry: CameraEntry
    let goal: CalibrationGoal
    let settings: CalibrationSettings

    /// - Parameters:
    ///   - path: of the region file, for the report.
    ///   - camera: a camera's name; the file's closest entry is calibrated.
    /// - Throws: ``FileError`` when the file has no entry for the camera.
    public init(
        _ file: RegionFile, path: String, camera: String, goal: CalibrationGoal, settings: CalibrationSettings
    ) throws(FileError) {
        guard let entry = file.entry(of: camera) else {
            throw FileError(
                file: path, "has no regions for camera \(camera.quotedForMessage); it has \(file.cameras.map(\.quotedForMessage).joined(separator: ", "))")
        }
        self.file = file
        self.path = path
        self.entry = entry
        self.goal = goal
        self.settings = settings
    }

    /// - Throws: ``DatasetError`` when frames cannot be used (`settings.isStrict`), or too few are left to divide.
    public func run(
        _ model: SPTModel, on samples: [DefectSample], progress: @escaping @Sendable (_ done: Int) -> Void
    ) throws(DatasetError) -> CalibrationResult {
        let isHeldOut = StratifiedSplit(
            isDefective: samples.map(\.isDefective), share: settings.heldOutShare, seed: settings.seed).isHeldOut
        let (outcomes, _) = try inParallel(samples.count, workers: settings.workers, progress: progress) {
            () throws(DatasetError) in
            FrameExaminer(
                inspector: Inspector(session: SPTSession(model: model, threads: 1)), entry: entry, revision: file.revision,
                jitters: settings.jitters, seed: settings.seed)
        } _: { (examiner, index) throws(DatasetError) -> Outcome in
            do throws(DatasetError) { return .frame(try examiner.examine(samples[index], isJittered: isHeldOut[index])) } catch {
                if settings.isStrict { throw error }
                return .skipped(error.description)
            }
        }
        var chosenOn: [CalibrationFrame] = [], heldOut: [CalibrationFrame] = [], skipped: [String] = []
        for (outcome, isHeldOut) in zip(outcomes, isHeldOut) {
            switch outcome {
            case .frame(let frame): if isHeldOut { heldOut.append(frame) } else { chosenOn.append(frame) }
            case .skipped(let reason): skipped.append(reason)
            }
        }
        try requireBothKinds(chosenOn, "to choose limits on", skipped)
        try requireBothKinds(heldOut, "held out", skipped)
        return result(model: model.hash, chosenOn: chosenOn, heldOut: heldOut, skipped: skipped)
    }

    /// What follows from frames that were looked at.
    func result(
        model: String, chosenOn: [CalibrationFrame], heldOut: [CalibrationFrame], skipped: [String]
    ) -> CalibrationResult {
        let before = entry.regions.map(\.limits)
        let chosen = choose(on: chosenOn), after = zip(before, chosen).map { $1.limits ?? $0 }
        func errors(_ limits: [Limits]) -> CalibrationResult.Errors {
            .init(heldOut.map { ($0.isDefective, $0.verdict(limits, pixelsPerMm: entry.pixelsPerMm)) })
        }
        let afterErrors = errors(after)
        let (count, total) = goal.kind == .escapes
            ? (afterErrors.escapes, afterErrors.defective) : (afterErrors.overkill, afterErrors.good)
        return CalibrationResult(
            camera: entry.pattern.text, regionFile: path, model: model, goal: goal, seed: settings.seed,
            chosenOnDefective: chosenOn.count(where: \.isDefective), chosenOnGood: chosenOn.count { !$0.isDefective },
            regions: zip(entry.regions, chosen).map { region, chosen in
                .init(name: region.name, before: .init(region.limits), after: chosen.limits.map { .init($0) }, remark: chosen.remark)
            },
            outside: heldOut.count { $0.isDefective && !$0.regions.isEmpty && $0.regions.allSatisfy { $0.holdsDefect == false } },
            before: errors(before), after: afterErrors,
            bound: BinomialInterval.upperBound(count, of: total, confidence: goal.confidence),
            missing: goal.missing(errors: count, of: total),
            signs: ErrorSign.all(heldOut, limits: after, pixelsPerMm: entry.pixelsPerMm), skipped: skipped, limits: after)
    }

    /// Each region's limits; nil with the reason where there is nothing to choose them on.
    ///
    /// Where the truth says which regions hold a part's defect, each region has limits of its own: a part whose defect lies
    /// elsewhere is good there. Where it does not, and there are several, one `review_score` serves all.
    private func choose(on frames: [CalibrationFrame]) -> [(limits: Limits?, remark: String?)] {
        let frames = frames.filter { $0.regions.count == entry.regions.count }
        let isTold = frames.allSatisfy { $0.regions.allSatisfy { $0.holdsDefect != nil } }
        guard isTold || entry.regions.count == 1 else { return shared(on: frames) }
        // Overkill of several regions adds up; an escape needs a defect that its own region misses.
        var goal = goal
        if goal.kind == .overkill { goal.rate /= Double(entry.regions.count) }
        return entry.regions.indices.map { index in
            let cases = frames.map { frame in
                let region = frame.regions[index]
                return LimitSearch.Case(
                    isDefective: region.holdsDefect ?? frame.isDefective, areaScale: frame.areaScale, evidence: [region.evidence])
            }
            let search = LimitSearch(goal: goal, pixelsPerMm: entry.pixelsPerMm, heldOutRatio: settings.heldOutRatio)
            guard let limits = search.limits(startingFrom: [entry.regions[index].limits], on: cases)?.first else {
                let kind = cases.contains(where: \.isDefective) ? "good" : "defective"
                return (nil, "no \(kind) part to choose on; its limits stay")
            }
            return (limits, nil)
        }
    }

    private func shared(on frames: [CalibrationFrame]) -> [(limits: Limits?, remark: String?)] {
        let cases = frames.map { frame in
            LimitSearch.Case(isDefective: frame.isDefective, areaScale: frame.areaScale, evidence: frame.regions.map(\.evidence))
        }
        let search = LimitSearch(goal: goal, pixelsPerMm: entry.pixelsPerMm, heldOutRatio: settings.heldOutRatio)
        let found = search.limits(startingFrom: entry.regions.map(\.limits), on: cases)
        let remark = "the truth does not tell which region holds a defect: all have the same scores"
        return entry.regions.indices.map { (found?[$0], found == nil ? "no part of one kind to choose on; its limits stay" : remark) }
    }

    private func requireBothKinds(_ frames: [CalibrationFrame], _ what: String, _ skipped: [String]) throws(DatasetError) {
        let defective = frames.count(where: \.isDefective)
        guard defective == 0 || defective == frames.count else { return }
        let missing = defective == 0 ? "defective" : "good"
        let reason = skipped.first.map { "; the first left out: \($0)" } ?? ""
        throw DatasetError(description: "no \(missing) frame is left \(what); give more \(missing) parts\(reason)")
    }

    private enum Outcome: Sendable {
        case frame(CalibrationFrame)
        case skipped(String)
    }
}
