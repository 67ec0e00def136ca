import Inspection
import SegmentAnything
import Streaming

/// Finds a verdict's frame among recordings: by camera, time, and the hash of its bytes.
struct FrameFinder {
    /// Paths of MCAP files.
    let recordings: [String]

    /// How far from the time in the journal a frame is looked for: `flawd record` has a clock of its own.
    private static let windowNs: UInt64 = 10_000_000_000

    struct Found {
        var frame: IncomingFrame
        var recording: String
    }

    /// - Parameters:
    ///   - everywhere: then in whole recordings, too, where it is not at its time.
    ///   - problems: of recordings that cannot be read.
    func find(_ event: VerdictEvent, hash: String, everywhere: Bool, problems: inout [String]) -> Found? {
        let time = UInt64(clamping: event.receivedUTCNs)
        let near = (time > Self.windowNs ? time - Self.windowNs : 0)...(time.addingReportingOverflow(Self.windowNs).partialValue)
        for times in everywhere ? [near, 0...UInt64.max] : [near] {
            for path in recordings {
                let reader: MCAPReader
                do { reader = try MCAPReader(path: path) } catch {
                    problems.append(error.description)
                    continue
                }
                var found: IncomingFrame?
                reader.readFrames(times: times, of: { $0 == event.camera }) { (frame) throws(Never) in
                    // Other forms have no number of their own.
                    guard frame.header.format != .cameraStream || frame.header.sequence == event.sequence, ContentHash.sha256(frame.payload) == hash else { return true }
                    found = IncomingFrame(header: frame.header, payload: Payload(copying: frame.payload))
                    return false
                }
                if let found { return Found(frame: found, recording: path) }
                problems += reader.losses.map { "\(path): \($0)" }
            }
        }
        return nil
    }
}
