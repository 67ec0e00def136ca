import Inspection

/// What a pipeline has done so far.
///
/// Frames are counted by camera, in the order in which cameras appeared; the totals are their sums. `inFlight` is 0 once the pipeline ended.
@dynamicMemberLookup
public struct PipelineCounters: Sendable, Equatable {
    public struct Camera: Sendable, Equatable {
        public let camera: String
        public var frames = FrameCounts()
        /// Time the model took for its frames: encoding and prompting.
        public var modelNs: Int64 = 0
        /// On the monotonic clock.
        public var lastReceivedNs: Int64
    }

    public private(set) var cameras: [Camera] = []
    /// Messages that name no camera, or one camera too many.
    public var rejected: UInt64 = 0
    /// Events the socket refused, and those that could not be committed.
    public var unpublished: UInt64 = 0
    /// Attempts to commit that failed.
    public var commitFailures: UInt64 = 0
    /// The last frames' times from receipt until the verdict was committed and given to the socket.
    public private(set) var latencies = LatencyWindow()
    /// The last frames' times by stage, in the order of `FrameStage.all`.
    private var stageLatencies = Array(repeating: LatencyWindow(), count: FrameStage.all.count)

    public init() {}

    /// All cameras' frames.
    public var frames: FrameCounts { cameras.reduce(into: FrameCounts()) { $0 += $1.frames } }

    /// A total, by the name of the count.
    public subscript<Value>(dynamicMember count: KeyPath<FrameCounts, Value>) -> Value { frames[keyPath: count] }

    public func latencies(of stage: FrameStage) -> LatencyWindow { stageLatencies[stage.index] }

    /// Counts a frame in.
    ///
    /// - Parameter lane: of the camera, counted from 0 in the order of their appearance.
    mutating func arrive(_ arrival: SequenceTracker.Arrival, lane: Int, camera: String, at now: Int64) {
        if lane == cameras.count { cameras.append(Camera(camera: camera, lastReceivedNs: now)) }
        cameras[lane].frames.received += 1
        cameras[lane].frames.count(arrival)
        cameras[lane].lastReceivedNs = now
    }

    /// Counts a frame's verdict and its times.
    ///
    /// - Parameters:
    ///   - composed: when its event was written.
    ///   - done: when that was committed and given to the socket.
    mutating func depart(_ record: FrameRecord, _ outcome: FrameOutcome, composedNs: Int64, doneNs: Int64) {
        cameras[record.lane].frames.count(outcome.verdict, outcome.reason)
        cameras[record.lane].modelNs += outcome.times.modelNs
        latencies.note(doneNs - record.receivedNs)
        for stage in FrameStage.all {
            if let time = outcome.times.duration(of: stage, composedNs: composedNs, doneNs: doneNs) { stageLatencies[stage.index].note(time) }
        }
    }

    /// The time that a share of the recent frames did not exceed; nil before the first.
    public func latencyNs(quantile: Double) -> Int64? { latencies.quantile(quantile) }
}

/// The last times of something, in nanoseconds.
public struct LatencyWindow: Sendable, Equatable {
    static let most = 512

    /// In no order.
    public private(set) var values: [Int64] = []
    private var next = 0

    public init() {}

    mutating func note(_ ns: Int64) {
        if values.count < Self.most {
            values.append(ns)
        } else {
            values[next] = ns
            next = (next + 1) % Self.most
        }
    }

    /// The time that a share of them did not exceed; nil before the first.
    public func quantile(_ share: Double) -> Int64? { Service.quantile(share, of: values) }
}
