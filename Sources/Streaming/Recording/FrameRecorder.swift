import Foundation

/// Writes frames, and verdicts beside them, into a folder of MCAP files that take turns. Not thread-safe.
public final class FrameRecorder {
    public struct Settings: Sendable, Equatable {
        public var compression = ChunkCompression.none
        /// A file ends when it has this many bytes,
        public var fileBytes: UInt64 = 1 << 30
        /// or covers this many seconds.
        public var fileSeconds = 600.0
        /// The oldest recordings go when all of them have more bytes,
        public var keepBytes: UInt64?
        /// or are older.
        public var keepSeconds: Double?
        /// Recording ends when the disk has less room, so that others (the journal above all) can go on.
        public var reserveBytes: UInt64 = 1 << 30

        public init() {}
    }

    /// A file that goes into every recording, such as the region file in force.
    public struct Attachment: Sendable {
        public var name: String
        public var mediaType: String
        public var data: [UInt8]

        public init(name: String, mediaType: String, data: [UInt8]) {
            self.name = name
            self.mediaType = mediaType
            self.data = data
        }
    }

    /// Cameras that a recording may have: names come from outside, and MCAP numbers its channels in 16 bits.
    public static let maxCameras = 4096

    public private(set) var frames = 0
    /// Of those, frames that are not in the file yet: their chunk is open, or was lost with it.
    public private(set) var waiting = 0
    public private(set) var verdicts = 0
    public private(set) var bytes: UInt64 = 0
    /// Files that were begun, in order.
    public private(set) var files: [String] = []
    /// Whether the wall clock may say what is too old; it may have begun in a wrong year, and until its owner trusts it nothing goes by age.
    public var trustsAges = false

    private struct Channels {
        var header: UInt16
        var picture: UInt16
        var count: UInt32 = 0
    }

    private struct CameraKey: Hashable {
        var camera: String
        var format: FrameHeader.WireFormat
        var codec: FrameHeader.Codec
    }

    private let folder: String
    private let program: String
    private let settings: Settings
    private let attachments: [Attachment]
    private let verdictSchema: MCAPSchema?
    private var writer: MCAPWriter?
    private var channels: [CameraKey: Channels] = [:]
    private var verdictChannels: [String: UInt16] = [:]
    private var checkedNs: UInt64 = 0
    private var flushedNs: UInt64 = 0
    private var retainedNs: UInt64 = 0

    /// - Parameters:
    ///   - folder: an existing folder; retention removes files that are named as this names its own (``RecordingFolder``).
    ///   - program: what the files say wrote them.
    ///   - verdictSchema: JSON Schema of the verdicts.
    public init(
        folder: String, program: String, settings: Settings = Settings(), attachments: [Attachment] = [], verdictSchema: [UInt8]? = nil
    ) throws(RecordingError) {
        self.folder = folder
        self.program = program
        self.settings = settings
        self.attachments = attachments
        self.verdictSchema = verdictSchema.map { MCAPSchema(name: "flawd.Verdict", encoding: "jsonschema", data: $0) }
        try checkRoom()
    }

    /// - Parameter receivedUTCNs: ns since 1970.
    /// - Throws: `RecordingError`; the recording should be finished then.
    public func record(_ frame: IncomingFrame, receivedUTCNs: Int64) throws(RecordingError) {
        let time = UInt64(max(0, receivedUTCNs)), writer = try writer(at: time)
        let key = CameraKey(camera: frame.header.camera, format: frame.header.format, codec: frame.header.codec)
        if channels[key] == nil {
            guard channels.count < Self.maxCameras else { throw RecordingError(folder, "more than \(Self.maxCameras) cameras cannot be recorded") }
            let both = FrameRecord.channels(of: frame.header)
            channels[key] = Channels(header: writer.channel(both.header), picture: writer.channel(both.picture))
        }
        guard let channel = channels[key] else { return }
        let header = frame.header, published = UInt64(max(0, header.capturedUTCNs ?? receivedUTCNs))
        let sequence = header.sequence.map { UInt32(truncatingIfNeeded: $0) } ?? channel.count
        channels[key]?.count &+= 1
        try writer.write(channel: channel.header, sequence: sequence, logTime: time, publishTime: published, isHeldTogether: true) { fields in
            FrameRecord.putHeader(header, payloadBytes: frame.payload.count, into: &fields)
        }
        try frame.payload.withBytes { (payload) throws(RecordingError) in
            try writer.write(channel: channel.picture, sequence: sequence, logTime: time, publishTime: published) { fields in
                if header.codec == .rawBGR8, let size = header.size {
                    FoxgloveImage.putRaw(payload, width: size.width, height: size.height, camera: header.camera, utcNs: published, into: &fields)
                } else {
                    FoxgloveImage.putCompressed(payload, camera: header.camera, utcNs: published, into: &fields)
                }
            }
        }
        frames += 1
        waiting = writer.isChunkEmpty ? 0 : waiting + 1
        bytes += UInt64(frame.payload.count)
    }

    /// A verdict as it was published, under its own topic.
    public func record(verdict json: [UInt8], topic: String, receivedUTCNs: Int64) throws(RecordingError) {
        let time = UInt64(max(0, receivedUTCNs)), writer = try writer(at: time)
        if verdictChannels[topic] == nil {
            guard verdictChannels.count < Self.maxCameras else { throw RecordingError(folder, "more than \(Self.maxCameras) verdict topics cannot be recorded") }
            verdictChannels[topic] = writer.channel(MCAPChannel(topic: topic, encoding: "json", schema: verdictSchema))
        }
        guard let channel = verdictChannels[topic] else { return }
        try writer.write(channel: channel, sequence: UInt32(truncatingIfNeeded: verdicts), logTime: time, publishTime: time) { $0.put(json) }
        verdicts += 1
    }

    /// To be called about every second, frames or none: what is older than a second goes to the file, and a file whose time is over ends.
    public func tick(utcNs: Int64) throws(RecordingError) {
        let now = UInt64(max(0, utcNs))
        guard now >= flushedNs + 1_000_000_000 || now < flushedNs else { return }
        flushedNs = now
        if let writer, isOver(writer, at: now) {
            try finish(waitsForDisk: false)
        } else {
            try writer?.flush()
            waiting = 0
        }
        // What is too old goes on a quiet line, too.
        guard now >= retainedNs + 60_000_000_000 || now < retainedNs else { return }
        retainedNs = now
        try retain(at: now)
    }

    /// Ends the open file. Another frame begins a new one.
    ///
    /// - Parameter waitsForDisk: returns when the file would survive a loss of power; else that is left to another thread.
    public func finish(waitsForDisk: Bool = true) throws(RecordingError) {
        guard let writer else { return }
        self.writer = nil
        channels.removeAll()
        verdictChannels.removeAll()
        try writer.finish(waitsForDisk: waitsForDisk)
        waiting = 0
    }

    // MARK: Files

    private func isOver(_ writer: MCAPWriter, at time: UInt64) -> Bool {
        guard let start = writer.startTime else { return false }
        return writer.byteCount >= settings.fileBytes || time >= start && Double(time - start) >= settings.fileSeconds * 1e9
    }

    private func writer(at time: UInt64) throws(RecordingError) -> MCAPWriter {
        if let writer, isOver(writer, at: time) { try finish(waitsForDisk: false) }
        // Twice a second is often enough for gigabytes.
        if time >= checkedNs + 500_000_000 || time < checkedNs {
            checkedNs = time
            try checkRoom()
        }
        if let writer { return writer }
        let name = try makeRoom(beginning: time)
        let made = try MCAPWriter(path: name, library: program, settings: MCAPWriter.Settings(compression: settings.compression))
        for attachment in attachments {
            try made.attach(name: attachment.name, mediaType: attachment.mediaType, data: attachment.data, time: time)
        }
        writer = made
        files.append(name)
        // The names of the last files are enough; a recording may go on for months.
        if files.count > 1000 { files.removeFirst(500) }
        return made
    }

    private func checkRoom() throws(RecordingError) {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { throw RecordingError(folder, "look at its disk", errno: errno) }
        let (free, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        guard overflow || free >= settings.reserveBytes else {
            throw RecordingError(folder, "\(free >> 20) MiB are free on its disk, and \(settings.reserveBytes >> 20) MiB are kept for others")
        }
    }

    /// Removes what is older or more than wanted, and names the next file.
    private func makeRoom(beginning time: UInt64) throws(RecordingError) -> String {
        try retain(at: time)
        return RecordingFolder(path: folder).name(of: time)
    }

    private func retain(at time: UInt64) throws(RecordingError) {
        try RecordingFolder(path: folder).retain(bytes: settings.keepBytes, seconds: trustsAges ? settings.keepSeconds : nil, own: files, at: time)
    }
}
