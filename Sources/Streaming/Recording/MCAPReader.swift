import Foundation

/// Reads an MCAP file by its index, or, where that is missing or damaged, by what is left of the data section.
///
/// Every length is checked before it is used, CRCs are verified where there are any, and unknown records are skipped. Memory is that of the
/// chunks whose times overlap (mostly one) and of the index, however large the file is. Not thread-safe.
public final class MCAPReader {
    public let path: String
    /// What is known without reading a chunk.
    public let index: MCAPIndex

    /// What was found damaged and left out so far, in words.
    public private(set) var losses: [String]

    let source: RecordingSource
    private var catalogue: MCAPCatalogue
    /// Whether every chunk was asked for its channels.
    private var hasLearned = false
    private var spare: [MCAPChunk] = []

    /// Chunks that may be in memory at the same time because their times overlap.
    private static let maxOpenChunks = 64
    private static let maxOpenBytes = 1 << 30

    /// - Throws: `RecordingError` where the file cannot be read or is no MCAP file at all. A damaged one opens, with `losses`.
    public init(path: String) throws(RecordingError) {
        self.path = path
        source = try RecordingSource(path: path)
        var losses: [String] = []
        index = try MCAPIndex(reading: source, losses: &losses)
        self.losses = losses
        catalogue = index.catalogue
    }

    /// One message; its bytes are valid during the call that it is given to.
    public struct Message {
        public let channel: MCAPChannel
        public let sequence: UInt32
        /// When it was recorded, and when its source says it was made; ns since 1970.
        public let logTime: UInt64
        public let publishTime: UInt64
        public let data: UnsafeRawBufferPointer
    }

    /// Calls `body` with the messages whose log times lie in `times`, in the order of log times, until it answers false. Chunks that
    /// lie outside are not read. A damaged chunk is left out and entered in `losses`.
    public func read<Failure: Error>(
        times: ClosedRange<UInt64> = 0...UInt64.max, body: (Message) throws(Failure) -> Bool
    ) throws(Failure) {
        var waiting = index.chunks.filter { $0.endTime >= times.lowerBound && $0.startTime <= times.upperBound }
            .sorted { ($0.startTime, $0.offset) < ($1.startTime, $1.offset) }[...]
        var open: [MCAPChunk] = []
        defer { spare.append(contentsOf: open.prefix(1)) }
        while true {
            let next = open.enumerated().min { ($0.element.nextTime, $0.element.offset) < ($1.element.nextTime, $1.element.offset) }
            if let chunk = waiting.first, next.map({ chunk.startTime <= $0.element.nextTime }) ?? true {
                waiting.removeFirst()
                if let loaded = load(chunk, beside: open) { loaded.isSpent ? spare.append(loaded) : open.append(loaded) }
                continue
            }
            guard let (place, chunk) = next else { return }
            if let message = chunk.pop(), times.contains(message.logTime) {
                guard try body(message) else { return }
            }
            if chunk.isSpent {
                open.remove(at: place)
                if spare.isEmpty { spare.append(chunk) }
            }
        }
    }

    /// The data of an attachment by name; nil when there is none.
    public func attachment(named name: String) throws(RecordingError) -> [UInt8]? {
        guard let entry = index.attachments.last(where: { $0.name == name }) else { return nil }
        guard entry.length <= UInt64(MCAPFormat.maxChunkBytes) else {
            throw RecordingError(path, "attachment '\(name)' has \(entry.length) bytes, at most \(MCAPFormat.maxChunkBytes) are read")
        }
        let bytes = try source.read(at: entry.offset, count: Int(entry.length))
        return try bytes.withUnsafeBufferPointer { (bytes) throws(RecordingError) in
            var record = FieldReader(UnsafeRawBufferPointer(bytes))
            guard record.integer(UInt8.self) == MCAPOpcode.attachment.rawValue, let length = record.integer(UInt64.self),
                  let content = record.bytes(length), content.count >= 4
            else { throw RecordingError(path, "attachment '\(name)' is not where the index says") }
            var fields = FieldReader(content)
            guard fields.integer(UInt64.self) != nil, fields.integer(UInt64.self) != nil, fields.string() != nil, fields.string() != nil,
                  let size = fields.integer(UInt64.self), let data = fields.bytes(size), let crc = fields.integer(UInt32.self)
            else { throw RecordingError(path, "attachment '\(name)' is damaged") }
            guard crc == 0 || crc == CRC32.checksum(UnsafeRawBufferPointer(rebasing: content.dropLast(4))) else {
                throw RecordingError(path, "attachment '\(name)' is damaged: its CRC is another")
            }
            return [UInt8](data)
        }
    }

    private func load(_ entry: MCAPChunkIndex, beside open: [MCAPChunk]) -> MCAPChunk? {
        let held = open.reduce(0) { $0 + $1.byteCount }
        guard open.count < Self.maxOpenChunks, held < Self.maxOpenBytes else {
            lose("the chunk at byte \(entry.offset) is left out: it overlaps \(open.count) others in time, more than flawd keeps in memory")
            return nil
        }
        let chunk = spare.popLast() ?? MCAPChunk()
        do throws(RecordingError) {
            try chunk.load(entry, from: source, catalogue: &catalogue)
        } catch {
            lose(error.description)
            spare.append(chunk)
            return nil
        }
        if chunk.hasUnknownChannel {
            learn()
            chunk.learn(catalogue)
            if chunk.hasUnknownChannel { lose("\(path): the chunk at byte \(entry.offset) has messages of a channel that the file does not describe") }
        }
        return chunk
    }

    /// Asks every chunk, in their order in the file, for its channels: others tell of one once, in the first chunk that uses it, and a file
    /// without an end has no list of them.
    private func learn() {
        guard !hasLearned else { return }
        hasLearned = true
        let chunk = MCAPChunk()
        for entry in index.chunks.sorted(by: { $0.offset < $1.offset }) { try? chunk.load(entry, from: source, catalogue: &catalogue) }
    }

    func lose(_ what: String) {
        // A file of garbage has as many faults as it likes.
        if losses.count < 100, !losses.contains(what) { losses.append(what) }
    }
}
