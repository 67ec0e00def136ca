import Imaging
import Inspection
import Streaming

// The seams of the pipeline. Each part is made, used and released on one thread of the pipeline, so none needs to be
// Sendable; only the functions that make them are. Over sockets they are the types of `Operation`, in tests fakes.

/// Where messages come from.
public protocol FrameSource {
    /// Waits for the next message, at most `timeoutMs`.
    func receive(timeoutMs: Int) throws -> Reception
}

/// What waiting for a message led to.
public enum Reception: Sendable {
    case message(Incoming)
    /// Nothing came in time.
    case nothing
    /// Nothing will ever come again: the pipeline drains and ends.
    case ended
}

/// Turns a payload into pixels.
public protocol FrameDecoding {
    /// - Throws: whatever makes the frame `uninspected (decode_error)`; its description becomes the event's `detail`.
    func decode(_ frame: IncomingFrame, into image: RGBImage) throws
}

/// Judges one frame.
public protocol FrameInspecting {
    /// - Throws: whatever makes the frame `uninspected (model_error)`; its description becomes the event's `detail`.
    func inspect(_ image: RGBImage, camera: String) throws -> FrameInspection

    /// The union of the regions' masks, at frame size, of the last `inspect`.
    var frameMask: BinaryMask { get }

    /// Draws the last `inspect` over its image, which is painted on, and writes that as JPEG into `jpeg`, which is empty
    /// and keeps its memory from frame to frame.
    func drawOverlay(of result: FrameResult, on image: RGBImage, into jpeg: inout [UInt8]) throws

    /// Whether `draftMask` is made from the next `inspect` on.
    var keepsDraft: Bool { get set }

    /// The union of the regions' draft masks, at frame size, of the last `inspect`; nil: it was not kept.
    var draftMask: BinaryMask? { get }
}

extension FrameInspecting {
    public var keepsDraft: Bool {
        get { false }
        set {}
    }
    public var draftMask: BinaryMask? { nil }
}

/// A frame's result, and the region file and the model it was judged by.
public struct FrameInspection: Sendable {
    public var result: FrameResult
    public var regionsRevision: String?
    /// Content hash of the weights that answered; nil when none did.
    public var model: String?

    public init(result: FrameResult, regionsRevision: String?, model: String? = nil) {
        self.model = model
        self.result = result
        self.regionsRevision = regionsRevision
    }
}

/// Where events go.
public protocol EventSink {
    /// - Parameter pictures: the frame's mask and overlay as far as they were captured.
    func publish(_ event: VerdictEvent, pictures: FrameSlot?) throws
    func publish(_ event: MissingEvent) throws
    func publish(_ event: HeartbeatEvent) throws
    func publish(_ event: StatusEvent) throws
    func publish(_ event: HealthEvent) throws
}

/// Gets to see every frame with its verdict: a recorder, a page. Called from the pipeline's threads; must not make them wait.
public protocol FrameTap: AnyObject, Sendable {
    /// Whether the draft's masks are wanted for now.
    var wantsDraft: Bool { get }
    /// Whether a frame that was received is wanted; a payload that is held stays in memory until its verdict is published.
    func hold(_ frame: IncomingFrame) -> Bool
    /// After a verdict was published.
    ///
    /// - Parameters:
    ///   - frame: nil: it was not held.
    ///   - draft: the union of its draft masks; nil: nobody wanted it.
    func take(_ event: VerdictEvent, frame: IncomingFrame?, draft: RunLengthCode?)
    /// A frame that was held gets no verdict that is published.
    func release(_ frame: IncomingFrame)
}

extension FrameTap {
    public var wantsDraft: Bool { false }
}

/// What a pipeline is made of.
public struct PipelineStages: Sendable {
    public var makeSource: @Sendable () throws -> any FrameSource
    public var makeDecoder: @Sendable () throws -> any FrameDecoding
    public var makeInspector: @Sendable () throws -> any FrameInspecting
    public var makeSink: @Sendable () throws -> any EventSink
    public var makeLedger: @Sendable () throws -> any VerdictLedger
    /// Ends a blocked `receive` from another thread; called once, when intake stops.
    public var interruptSource: @Sendable () -> Void
    /// At most 8.
    public var taps: [any FrameTap]

    public init(
        makeSource: @escaping @Sendable () throws -> any FrameSource,
        makeDecoder: @escaping @Sendable () throws -> any FrameDecoding,
        makeInspector: @escaping @Sendable () throws -> any FrameInspecting,
        makeSink: @escaping @Sendable () throws -> any EventSink,
        makeLedger: @escaping @Sendable () throws -> any VerdictLedger = { RunLedger() },
        interruptSource: @escaping @Sendable () -> Void = {}, taps: [any FrameTap] = []
    ) {
        self.makeSource = makeSource
        self.makeDecoder = makeDecoder
        self.makeInspector = makeInspector
        self.makeSink = makeSink
        self.makeLedger = makeLedger
        self.interruptSource = interruptSource
        precondition(taps.count <= 8)
        self.taps = taps
    }
}
