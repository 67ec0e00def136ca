import SelfPerception

/// Something that could tell that a verdict is wrong, and how well it does.
public struct ErrorSign: Sendable, Encodable {
    public enum Name: String, Sendable, Encodable, CaseIterable {
        /// 1 − agreement of draft and refined mask; the worst region's.
        case disagreement
        /// How far the level at which the frame would be stopped moves when its regions are jittered.
        case instability
        /// How near that level is to the limit.
        case closeness
    }

    public var name: Name
    /// The chance that the sign is higher for a wrong verdict than for a right one: among defective parts, good parts and all
    /// parts. nil without verdicts of a kind.
    public var defective: Double?
    public var good: Double?
    public var all: Double?
    /// The same among the parts that pass: escapes against good parts. What a limit on the sign, such as `min_agreement`, could gain.
    public var passed: Double?
    public var wrong: Int
    public var right: Int

    var text: String {
        func figure(_ value: Double?) -> String { value.map { fixed($0, 3) } ?? "–" }
        return "  \(name.rawValue): defective \(figure(defective)), good \(figure(good)), all \(figure(all)), passed \(figure(passed)) (\(wrong) wrong, \(right) right)"
    }

    /// Every sign on some frames at some limits; `instability` only where the frames were jittered.
    static func all(_ frames: [CalibrationFrame], limits: [Limits], pixelsPerMm: Double?) -> [ErrorSign] {
        let seen: [(frame: CalibrationFrame, isWrong: Bool)] = frames.compactMap { frame in
            let verdict = frame.verdict(limits, pixelsPerMm: pixelsPerMm)
            return verdict == .uninspected ? nil : (frame, (verdict == .pass) == frame.isDefective)
        }
        return Name.allCases.compactMap { name in
            let values = seen.map { frame, isWrong in (frame.isDefective, isWrong, name.value(frame, limits, pixelsPerMm)) }
            if values.isEmpty || values.contains(where: { $0.2 == nil }) { return nil }
            func auroc(_ isMeant: (_ isDefective: Bool, _ isWrong: Bool) -> Bool) -> Double? {
                func of(_ wrong: Bool) -> [Double] {
                    values.filter { isMeant($0.0, $0.1) && $0.1 == wrong }.compactMap(\.2)
                }
                return Ranking(defective: of(true), good: of(false)).auroc
            }
            let wrong = values.count(where: \.1)
            return ErrorSign(
                name: name, defective: auroc { isDefective, _ in isDefective }, good: auroc { isDefective, _ in !isDefective },
                all: auroc { _, _ in true }, passed: auroc { $0 == $1 }, wrong: wrong, right: values.count - wrong)
        }
    }
}

extension ErrorSign.Name {
    fileprivate func value(_ frame: CalibrationFrame, _ limits: [Limits], _ pixelsPerMm: Double?) -> Double? {
        /// The frame's distance to being stopped: of the region that is nearest to it, or furthest beyond.
        func margin(_ evidence: (CalibrationFrame.Region) -> RegionEvidence) -> Double {
            zip(frame.regions, limits).map { region, limits in
                let level = frame.resolved(limits, pixelsPerMm).stopLevel(evidence(region))
                return min(max(level, -1), 2) - limits.reviewScore
            }.max() ?? 0
        }
        switch self {
        case .disagreement:
            return frame.regions.map { 1 - $0.evidence.agreement }.max()
        case .closeness:
            return -abs(margin(\.evidence))
        case .instability:
            let count = frame.regions.map(\.jittered.count).min() ?? 0
            guard count > 0 else { return nil }
            let margins = [margin(\.evidence)] + (0..<count).map { index in margin { $0.jittered[index] } }
            return (margins.max() ?? 0) - (margins.min() ?? 0)
        }
    }
}
