import DequeModule
import Inspection

/// Brings a recording's frames and verdicts together, in bounded memory, however long the recording is.
///
/// A verdict is its frame's where camera, sequence and hash are. Frames of wire formats without a count have no sequence, so hash and
/// order decide; a frame that was never decoded has no hash in its verdict, so its sequence decides. A verdict is recorded some time after
/// its frame, now and then before it. A camera's verdicts leave in the order of its frames: once a later frame has its verdict, earlier ones
/// without will never get theirs. What comes out depends on what was put in alone, not on when it is taken.
struct VerdictPairing<Frame> {
    /// What a frame is recognised by.
    struct Key {
        var camera: String
        var sequence: UInt64?
        /// SHA-256 of the payload.
        var hash: String

        /// Whether the verdict was given of such a frame; of frames without a count, only one with a hash.
        func matches(_ event: VerdictEvent) -> Bool {
            guard camera == event.camera else { return false }
            if let sequence, sequence != event.sequence { return false }
            return event.frameHash.map { $0 == hash } ?? (sequence != nil)
        }
    }

    struct Limits {
        /// Frames, and bytes of their payloads, that wait for verdicts.
        var frames = 4096
        var bytes = 256 << 20
        /// Verdicts that wait for frames.
        var verdicts = 256
    }

    private struct Entry {
        var key: Key
        var frame: Frame
        var bytes: Int
        var verdict: VerdictEvent?
        /// Its verdict is there, or will never come.
        var isSettled: Bool
    }

    private let limits: Limits
    private var entries: Deque<Entry> = []
    /// The place of the first entry among all frames there have been.
    private var first = 0
    private var bytes = 0
    /// Places of the frames that wait, by camera.
    private var waiting: [String: Deque<Int>] = [:]
    /// Verdicts that came before their frames.
    private var early: Deque<VerdictEvent> = []
    private var orphans: [VerdictEvent] = []

    init(limits: Limits = Limits()) { self.limits = limits }

    /// - Parameters:
    ///   - bytes: of its payload.
    ///   - expectsVerdict: false: the recording has none of this camera, so that nothing is waited for.
    mutating func add(_ frame: Frame, _ key: Key, bytes count: Int, expectsVerdict: Bool = true) {
        let place = first + entries.count
        var entry = Entry(key: key, frame: frame, bytes: count, isSettled: !expectsVerdict)
        if let index = early.firstIndex(where: { key.matches($0) }) {
            entry.verdict = early.remove(at: index)
            entry.isSettled = true
            giveUp(before: place, of: key.camera)
        } else if expectsVerdict {
            waiting[key.camera, default: []].append(place)
        }
        entries.append(entry)
        bytes += count
    }

    mutating func add(_ verdict: VerdictEvent) {
        let camera = verdict.camera
        if let place = waiting[camera]?.first(where: { entries[$0 - first].key.matches(verdict) }) {
            giveUp(before: place, of: camera)
            waiting[camera]?.removeFirst()
            entries[place - first].verdict = verdict
            entries[place - first].isSettled = true
            return
        }
        early.append(verdict)
        if early.count > limits.verdicts, let orphan = early.popFirst() { orphans.append(orphan) }
    }

    private mutating func giveUp(before place: Int, of camera: String) {
        while let earlier = waiting[camera]?.first, earlier < place {
            waiting[camera]?.removeFirst()
            entries[earlier - first].isSettled = true
        }
    }

    /// The next frame in the order of recording, with its verdict; nil while that may still come.
    mutating func next() -> (frame: Frame, verdict: VerdictEvent?)? {
        guard let entry = entries.first, entry.isSettled || entries.count > limits.frames || bytes > limits.bytes else { return nil }
        entries.removeFirst()
        if !entry.isSettled { waiting[entry.key.camera]?.removeFirst() }
        if waiting[entry.key.camera]?.isEmpty ?? false { waiting[entry.key.camera] = nil }
        first += 1
        bytes -= entry.bytes
        return (entry.frame, entry.verdict)
    }

    /// No more will come: every frame has what it will ever have.
    mutating func finish() {
        for index in entries.indices { entries[index].isSettled = true }
        waiting.removeAll()
        orphans.append(contentsOf: early)
        early.removeAll()
    }

    /// Verdicts whose frames will not come any more; each is handed out once.
    mutating func takeOrphans() -> [VerdictEvent] {
        defer { orphans.removeAll() }
        return orphans
    }

    /// Frames that wait.
    var count: Int { entries.count }
}
