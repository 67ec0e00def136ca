import Imaging
import Inspection
import Streaming

/// A recorded frame that is inspected again.
struct GateFrame: Sendable {
    var frame: IncomingFrame
    /// Its place in the camera's count: the frame's own, or that of its recorded verdict, or ours.
    var sequence: UInt64
    /// SHA-256 of the payload.
    var hash: String
    /// When it was recorded; ns since 1970.
    var receivedUTCNs: Int64
}

/// A frame under way: workers answer in any order, and whoever reports waits for the frames in theirs.
final class GateTask: Sendable {
    struct Answer: Sendable {
        /// Without `seq` and without anything that another run would not repeat.
        var event: VerdictEvent
        /// With the recorded verdict; nil where there is none.
        var comparison: FrameComparison?
    }

    let frame: GateFrame
    let recorded: VerdictEvent?
    private let answer = Monitor<Answer?>(nil)

    init(_ frame: GateFrame, recorded: VerdictEvent?) {
        self.frame = frame
        self.recorded = recorded
    }

    func settle(_ answer: Answer) { self.answer.update { $0 = answer } }

    /// Waits for the answer.
    func settled() -> Answer { answer.wait { $0 } }
}
