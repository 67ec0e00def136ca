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

    deinit {
        packed.deallocate()
        records.deallocate()
    }

    var byteCount: Int { packed.count + records.count }
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

    /// - Parameter known: channels that the file's summary names; the chunk's own come on top.
    /// - Throws: `RecordingError` naming the chunk, after which the chunk is empty.
    func load(_ entry: MCAPChunkIndex, from source: RecordingSource, channels known: [UInt16: MCAPChannel]) throws(RecordingError) {
        entries.removeAll(keepingCapacity: true)
        next = 0
        offset = entry.offset
        channels = known
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
            guard let compression = ChunkCompression(mark: mark) else { throw problem("packed by '\(mark.prefix(40))'; lz4 and zstd are known") }
            guard unpacked <= most else { throw problem("\(unpacked) bytes, at most \(most) are read") }
            size = Int(unpacked)
            Self.grow(&records, to: size)
            if let fault = compression.unpack(bytes, into: UnsafeMutableRawBufferPointer(rebasing: records[..<size])) { throw problem(fault) }
            guard crc == 0 || crc == CRC32.checksum(UnsafeRawBufferPointer(rebasing: records[..<size])) else {
                throw problem("damaged: its CRC is another")
            }
        }
        guard list(size) else {
            entries.removeAll(keepingCapacity: true)
            throw problem("its records are damaged")
        }
        entries.sort { ($0.time, $0.start) < ($1.time, $1.start) }
    }

    /// Enters the messages among the first `size` bytes of records; false when these are no records.
    private func list(_ size: Int) -> Bool {
        let bytes = UnsafeRawBufferPointer(rebasing: records[..<size])
        var fields = FieldReader(bytes), schemas: [UInt16: MCAPSchema] = [:]
        while !fields.isAtEnd {
            guard let opcode = fields.integer(UInt8.self), let count = fields.integer(UInt64.self) else { return false }
            let start = size - fields.count
            guard let content = fields.bytes(count) else { return false }
            switch MCAPOpcode(rawValue: opcode) {
            case .message:
                guard content.count >= 22 else { return false }
                let time = UInt64(littleEndian: content.loadUnaligned(fromByteOffset: 6, as: UInt64.self))
                entries.append(Entry(time: time, start: start, end: start + content.count))
            case .schema:
                var content = FieldReader(content)
                guard let (number, schema) = content.schema() else { return false }
                schemas[number] = schema
            case .channel:
                var content = FieldReader(content)
                guard let (number, channel) = content.channel(schemas) else { return false }
                // A chunk may name a channel whose schema stands in an earlier one; the summary knows both.
                if channel.schema != nil || channels[number] == nil { channels[number] = channel }
            default:
                break
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
