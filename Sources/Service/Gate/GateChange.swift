import Foundation
import Inspection
import SelfPerception

/// A frame whose verdict is another than the recorded one, or whose scores or masks are beyond the tolerance.
public struct GateChange: Sendable, Encodable, Equatable {
    /// From what matters most.
    public enum Kind: String, Sendable, Encodable, CaseIterable, Comparable {
        /// fail → pass: a part that would escape now.
        case escape
        /// pass → fail: a part that would be thrown away now.
        case overkill
        /// Any other change of verdict.
        case other
        /// The same verdict by scores or masks beyond the tolerance.
        case drift

        public static func < (a: Kind, b: Kind) -> Bool { a.rank < b.rank }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

        /// nil: the same verdict.
        init?(from recorded: Verdict, to fresh: Verdict) {
            switch (recorded, fresh) {
            case _ where recorded == fresh: return nil
            case (.fail, .pass): self = .escape
            case (.pass, .fail): self = .overkill
            default: self = .other
            }
        }
    }

    public var kind: Kind
    public var camera: String
    public var sequence: UInt64
    public var partID: String?
    /// When the frame was recorded; ns since 1970.
    public var receivedUTCNs: Int64
    public var recorded: Verdict
    public var now: Verdict
    /// What led to the verdicts, in words.
    public var recordedReason: String
    public var nowReason: String
    /// The largest |score difference| of a region; nil where no region was compared.
    public var drift: Double?
    public var maskIoU: Double?

    init(_ kind: Kind, recorded: VerdictEvent, fresh: VerdictEvent, comparison: FrameComparison) {
        self.kind = kind
        camera = fresh.camera
        sequence = fresh.sequence
        partID = fresh.partID
        receivedUTCNs = fresh.receivedUTCNs
        self.recorded = recorded.verdict
        now = fresh.verdict
        recordedReason = recorded.reasonInWords
        nowReason = fresh.reasonInWords
        drift = comparison.largestDrift
        maskIoU = comparison.iou
    }

    /// When the frame was recorded, as ISO 8601 in UTC.
    var time: String {
        let (seconds, rest) = receivedUTCNs.quotientAndRemainder(dividingBy: 1_000_000_000), milliseconds = String(rest / 1_000_000)
        // Cut to milliseconds in whole numbers: a Double's would be one less now and then.
        let padding = String(repeating: "0", count: 3 - milliseconds.count)
        return "\(Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601).dropLast()).\(padding)\(milliseconds)Z"
    }
}

extension VerdictEvent {
    /// Why a frame was not inspected, or its worst regions with their scores and the limits that led to the verdict; short.
    var reasonInWords: String {
        if let reason { return String([reason.rawValue, detail].compactMap(\.self).joined(separator: ": ").prefix(300)) }
        let said = regions.filter { $0.verdict == verdict }.sorted { $0.score > $1.score }
        let words = said.prefix(3).map { region in
            region.because.isEmpty ? "\(region.name) \(fixed(region.score, 3))" : "\(region.name): \(region.because.joined(separator: "; "))"
        }
        // Recorded words may be anybody's.
        return String((words.joined(separator: ", ") + (said.count > 3 ? " and \(said.count - 3) more" : "")).prefix(300))
    }
}
