/// How the pipeline is dimensioned and how long it waits.
public struct PipelineSettings: Sendable, Equatable {
    /// Threads that inspect, each with its own session of the model.
    public var workers = 1
    /// Threads that decode. One feeds many workers: decoding takes a few percent of an inspection.
    public var decoders = 1
    /// Frames of one camera that wait to be decoded.
    public var queuePerCamera = 8
    public var policy = OverflowPolicy.dropOldest
    /// From receipt to the end of inspection; nil: frames may take their time.
    ///
    /// A frame that is late when a stage picks it up is not worked on any further, and one whose inspection ended late is
    /// `uninspected (deadline)` as well: the rejector it was meant for has let the part go by.
    public var deadlineMs: Int?
    /// How long a graceful stop may drain before what is left becomes `uninspected (shutdown)`.
    public var shutdownMs = 3000
    /// After the drain was cut short, how long a running inspection is waited for.
    public var abandonMs = 1000
    /// Cameras that are told apart; messages of further ones are rejected, so that invented names cannot grow memory.
    public var maxCameras = 64
    /// Frames of one camera between receipt and publishing; see `Orderer`.
    public var outstandingPerCamera = 1024
    /// Verdicts that are committed to the ledger at once.
    public var commitBatch = 64
    /// How long verdicts wait for a ledger that cannot take them for now, before the pipeline ends.
    public var ledgerPatienceMs = 5000
    /// How long a thread may be at one piece of work before it counts as stuck: above the longest inspection and the slowest disk.
    public var stallSeconds = 120
    public var publishesMasks = false
    public var publishesOverlays = false

    public init() {}

    /// Frame buffers: one for each place a decoded frame can be in, so that no stage ever waits for one while others work.
    var slots: Int {
        let working = decoders + decodedCapacity + workers
        return publishesMasks || publishesOverlays ? working + workers + 1 : working
    }

    /// Decoded frames that wait for a worker: each finds its next frame ready.
    var decodedCapacity: Int { workers }

    var stallNs: Int64 { Int64(stallSeconds) * 1_000_000_000 }

    var deadlineNs: Int64? { deadlineMs.map { Int64($0) * 1_000_000 } }
}
