/// One chunk in memory, and which of its messages comes next. Its buffers are used again for other chunks.
final class MCAPChunk {
    private struct Entry {
        var time: UInt64
        var start: Int
        var end: Int
    }

    private(set) var offset: UInt64 = 0
    private var packed = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var records = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var entries: [Entry] = []
    private var next = 0
    private var channels: [UInt16: MCAPChannel] = [:]
    /// Numbers of channels that messages are of.
    private var used: Set<UInt16> = []

    deinit {
        packed.deallocate()
        records.deallocate()
    }

    var byteCount: Int { packed.count + records.count + entries.capacity * MemoryLayout<Entry>.stride }
    /// Whether a message is of a channel that nobody has told of.
    var hasUnknownChannel: Bool { used.contains { channels[$0] == nil } }

    func learn(_ catalogue: MCAPCatalogue) { channels.merge(catalogue.channels) { own, _ in own } }

    var isSpent: Bool { next >= entries.count }
    /// The log time of the next message; only where there is one.
    var nextTime: UInt64 { isSpent ? .max : entries[next].time }

    /// The next message in the order of log times; nil when all were given.
    func pop() -> MCAPReader.Message? {
        while !isSpent {
            let entry = entries[next]
            next += 1
            var fields = FieldReader(UnsafeRawBufferPointer(rebasing: records[entry.start..<entry.end]))
            guard let number = fields.integer(UInt16.self), let sequence = fields.integer(UInt32.self), let time = fields.integer(UInt64.self),
                  let published = fields.integer(UInt64.self), let channel = channels[number]
            else { continue }
            return MCAPReader.Message(channel: channel, sequence: sequence, logTime: time, publishTime: published, data: fields.remaining())
        }
        return nil
    }

    /// - Parameter catalogue: what is known already; what the chunk tells comes on top.
    /// - Throws: `RecordingError` naming the chunk, after which the chunk is empty.
    func load(_ entry: MCAPChunkIndex, from source: RecordingSource, catalogue: inout MCAPCatalogue) throws(RecordingError) {
        entries.removeAll(keepingCapacity: true)
        used.removeAll(keepingCapacity: true)
        next = 0
        offset = entry.offset
        func problem(_ text: String) -> RecordingError {
            RecordingError(source.path, "the \(entry.isBare ? "records" : "chunk") at byte \(entry.offset): \(text)")
        }
        let most = UInt64(MCAPFormat.maxChunkBytes)
        guard entry.uncompressedSize <= most, entry.length <= most + 4096 else {
            throw problem("\(max(entry.uncompressedSize, entry.length)) bytes, at most \(most) are read")
        }
        let size: Int
        if entry.isBare {
            size = Int(entry.length)
            Self.grow(&records, to: size)
            try source.read(at: entry.offset, into: UnsafeMutableRawBufferPointer(rebasing: records[..<size]))
        } else {
            let length = Int(entry.length)
            Self.grow(&packed, to: length)
            try source.read(at: entry.offset, into: UnsafeMutableRawBufferPointer(rebasing: packed[..<length]))
            var record = FieldReader(UnsafeRawBufferPointer(rebasing: packed[..<length]))
            guard record.integer(UInt8.self) == MCAPOpcode.chunk.rawValue, let count = record.integer(UInt64.self),
                  let content = record.bytes(count)
            else { throw problem("there is none") }
            var fields = FieldReader(content)
            guard fields.integer(UInt64.self) != nil, fields.integer(UInt64.self) != nil, let unpacked = fields.integer(UInt64.self),
                  let crc = fields.integer(UInt32.self), let mark = fields.string(), let packedSize = fields.integer(UInt64.self),
                  let bytes = fields.bytes(packedSize)
            else { throw problem("damaged") }
            guard let compression = ChunkCompression(mark: mark) else { throw problem("packed in a way of its own; lz4 and zstd are known") }
            guard unpacked <= most else { throw problem("\(unpacked) bytes, at most \(most) are read") }
            size = Int(unpacked)
            Self.grow(&records, to: size)
            if let fault = compression.unpack(bytes, into: UnsafeMutableRawBufferPointer(rebasing: records[..<size])) { throw problem(fault) }
            guard crc == 0 || crc == CRC32.checksum(UnsafeRawBufferPointer(rebasing: records[..<size])) else {
                throw problem("damaged: its CRC is another")
            }
        }
        guard list(size, &catalogue) else {
            entries.removeAll(keepingCapacity: true)
            throw problem("its records are damaged")
        }
        channels = catalogue.channels
        entries.sort { ($0.time, $0.start) < ($1.time, $1.start) }
    }

    /// Enters the messages among the first `size` bytes of records; false when these are no records.
    private func list(_ size: Int, _ catalogue: inout MCAPCatalogue) -> Bool {
        var fields = FieldReader(UnsafeRawBufferPointer(rebasing: records[..<size]))
        while !fields.isAtEnd {
            guard let opcode = fields.integer(UInt8.self), let count = fields.integer(UInt64.self) else { return false }
            let start = size - fields.count
            guard let content = fields.bytes(count) else { return false }
            let kind = MCAPOpcode(rawValue: opcode)
            if kind == .message {
                guard content.count >= 22 else { return false }
                used.insert(UInt16(littleEndian: content.loadUnaligned(as: UInt16.self)))
                let time = UInt64(littleEndian: content.loadUnaligned(fromByteOffset: 6, as: UInt64.self))
                entries.append(Entry(time: time, start: start, end: start + content.count))
            } else if !catalogue.take(kind, content) {
                return false
            }
        }
        return true
    }

    private static func grow(_ buffer: inout UnsafeMutableRawBufferPointer, to count: Int) {
        guard buffer.count < count else { return }
        buffer.deallocate()
        buffer = .allocate(byteCount: count, alignment: 16)
    }
}
