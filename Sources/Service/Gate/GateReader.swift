import Inspection
import SegmentAnything
import Streaming

/// Reads recordings one after another and hands on each frame with its recorded verdict, in the order of recording.
struct GateReader {
    /// What was met beside the frames.
    struct Findings {
        /// Verdicts, readable or not.
        var verdicts = 0
        var unreadable = 0
        /// Verdicts whose frame is not there.
        var orphans = 0
        var problems: [String] = []
        var losses: [String] = []
    }

    private let recordings: GateRecordings
    private let times: ClosedRange<UInt64>
    private let patienceNs: UInt64
    private let submit: (GateTask) -> Bool
    private var pairing = VerdictPairing<GateFrame>()
    private var findings = Findings()
    /// The last number of each camera whose frames have none of their own.
    private var counts: [String: UInt64] = [:]
    private var isEnded = false

    private static let mostProblems = 100

    /// - Parameters:
    ///   - times: of the frames; ns since 1970.
    ///   - patienceNs: how long after the last of them verdicts are looked for.
    ///   - submit: takes a frame; false: no more are wanted.
    init(_ recordings: GateRecordings, times: ClosedRange<UInt64>, patienceNs: UInt64, submit: @escaping (GateTask) -> Bool) {
        self.recordings = recordings
        self.times = times
        self.patienceNs = patienceNs
        self.submit = submit
    }

    mutating func read() -> Findings {
        let (end, overflow) = times.upperBound.addingReportingOverflow(patienceNs)
        let window = times.lowerBound...(overflow ? .max : end), prefix = recordings.prefix
        for path in recordings.paths where !isEnded {
            let reader: MCAPReader
            do { reader = try MCAPReader(path: path) } catch {
                lose([error.description])
                continue
            }
            reader.readMessages(times: window, of: { $0.hasPrefix(prefix) }) { (message) throws(Never) in
                take(message, path)
                return !isEnded
            }
            lose(reader.losses)
        }
        pairing.finish()
        handOn()
        return findings
    }

    private mutating func take(_ message: RecordedMessage, _ path: String) {
        switch message {
        case .frame(let recorded):
            guard times.contains(recorded.receivedUTCNs) else { break }
            add(recorded)
        case .verdict(let recorded):
            findings.verdicts += 1
            do {
                pairing.add(try VerdictEvent(recorded))
            } catch {
                findings.unreadable += 1
                let line = "\(path): a verdict of \(recorded.camera) at \(recorded.receivedUTCNs) ns: \(error)"
                if findings.problems.count < Self.mostProblems { findings.problems.append(line) }
            }
        }
        handOn()
    }

    private mutating func add(_ recorded: RecordedFrame) {
        let header = recorded.header, camera = header.camera
        let frame = GateFrame(
            frame: IncomingFrame(header: header, payload: Payload(copying: recorded.payload)), sequence: header.sequence ?? 0,
            hash: ContentHash.sha256(recorded.payload), receivedUTCNs: Int64(clamping: recorded.receivedUTCNs))
        pairing.add(
            frame, .init(camera: camera, sequence: header.sequence, hash: frame.hash), bytes: recorded.payload.count,
            expectsVerdict: recordings.verdictCameras?.contains(camera) ?? true)
    }

    private mutating func handOn() {
        while !isEnded, let (frame, verdict) = pairing.next() {
            var frame = frame
            if frame.frame.header.sequence == nil {
                let camera = frame.frame.header.camera
                frame.sequence = verdict?.sequence ?? counts[camera].map { $0 &+ 1 } ?? 0
                counts[camera] = frame.sequence
            }
            isEnded = !submit(GateTask(frame, recorded: verdict))
        }
        // At the edges of a time range verdicts and frames part; in a whole recording they do not.
        let orphans = pairing.takeOrphans().count
        if times == 0...UInt64.max { findings.orphans += orphans }
    }

    private mutating func lose(_ lines: [String]) {
        for line in lines where findings.losses.count < 100 && !findings.losses.contains(line) { findings.losses.append(line) }
    }
}
