import Inspection
import SelfPerception

/// What a gate found, for people and for scripts. Its size does not depend on the recording's.
public struct GateReport: Sendable, Encodable {
    public struct Drift: Sendable, Encodable, Equatable {
        /// Regions of frames that were compared.
        public var regions = 0
        /// Mean score difference, now − recorded, and of its magnitude.
        public var mean = 0.0
        public var meanMagnitude = 0.0
        /// Quantiles of the magnitude, at most 1/128 too large.
        public var median = 0.0
        public var p90 = 0.0
        public var p99 = 0.0
        public var largest = 0.0
        /// Camera, frame and region of the largest; nil where nothing drifted.
        public var largestAt: String?
    }

    public struct Masks: Sendable, Encodable, Equatable {
        /// Frames whose masks were compared, and those of them that have a defect's mask then or now.
        public var frames = 0
        public var withDefects = 0
        /// Intersection over union of the latter; 1 where there is none.
        public var mean = 1.0
        public var least = 1.0
        /// Camera and frame of the least; nil where all are equal.
        public var leastAt: String?
        /// Frames with a recorded mask that cannot be read.
        public var unreadable = 0
    }

    /// One region of one camera.
    public struct Region: Sendable, Encodable, Equatable {
        public var camera: String
        public var name: String
        public var frames = 0
        public var changed = 0
        public var meanDrift = 0.0
        public var meanMagnitude = 0.0
        public var largest = 0.0
        public var meanIoU = 1.0
        public var leastIoU = 1.0
    }

    /// Content hashes of what gave the verdicts.
    public struct Identity: Sendable, Encodable, Equatable {
        public var recorded: [String] = []
        public var now: [String] = []

        /// Whether one and the same gave them all.
        public var isSame: Bool { recorded == now && now.count <= 1 }
    }

    public var recordings: [String]
    public var frames = 0
    /// Frames with a recorded verdict other than `uninspected`.
    public var compared = 0
    /// Of those compared, the ones whose verdict is another now.
    public var changed = 0
    public var escapes = 0
    public var overkill = 0
    /// Frames by recorded verdict, then by the one of now.
    public var transitions: [String: [String: Int]] = [:]
    /// Frames that were not inspected then, by reason, then by the verdict that they would have had.
    public var uninspectedThen: [String: [String: Int]] = [:]
    /// Frames that are not inspected now, by reason.
    public var uninspectedNow: [String: Int] = [:]
    /// Frames without a recorded verdict.
    public var withoutVerdict = 0
    public var verdictsWithoutFrame = 0
    public var unreadableVerdicts = 0
    public var camerasWithoutRegions: [String] = []
    public var drift = Drift()
    public var masks = Masks()
    public var regions: [Region] = []
    /// Regions that only recorded verdicts have, and only those of now, as `camera: region`.
    public var regionsOnlyRecorded: [String] = []
    public var regionsOnlyNow: [String] = []
    public var model = Identity()
    public var regionFile = Identity()
    public var program = Identity()
    /// What matters most first.
    public var changes: [GateChange] = []
    /// Changes that are counted, but not among `changes`.
    public var unlistedChanges = 0
    /// What was met that cannot be used, in words.
    public var problems: [String] = []
    /// What of the recordings was cut or damaged.
    public var losses: [String] = []
    /// What is beyond the tolerance.
    public var beyondTolerance: [String] = []
    /// Whether it was told to stop before the end.
    public var isStopped = false
    public var seconds = 0.0
    public var workers = 1
    public var threads = 1

    /// Pictures of the changes that matter most.
    var cases: [GateGallery.Case] = []

    init(recordings: [String]) { self.recordings = recordings }

    enum CodingKeys: String, CodingKey {
        case recordings, frames, compared, changed, escapes, overkill, transitions, uninspectedThen, uninspectedNow, withoutVerdict
        case verdictsWithoutFrame, unreadableVerdicts, camerasWithoutRegions, drift, masks, regions, regionsOnlyRecorded, regionsOnlyNow
        case model, regionFile, program, changes, unlistedChanges, problems, losses, beyondTolerance, isStopped, seconds, workers, threads
    }

    /// Whether what was inspected may be trusted as the recorded verdicts were.
    public var passes: Bool { beyondTolerance.isEmpty && losses.isEmpty && !isStopped }

    var framesPerSecond: Double { seconds > 0 ? Double(frames) / seconds : 0 }

    var otherChanges: Int { changed - escapes - overkill }
}
