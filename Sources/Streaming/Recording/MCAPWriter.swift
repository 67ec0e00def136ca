import Foundation

/// Writes an MCAP file: messages in chunks with CRC and index, attachments, and a summary that finds them again.
///
/// A chunk leaves when it is full or old, and with it everything in it is safe from a crash of the process; a reader recovers the
/// chunks of a file that has no summary. Not thread-safe.
final class MCAPWriter {
    struct Settings {
        var compression = ChunkCompression.none
        /// A chunk leaves when its records reach this size,
        var chunkBytes = 4 << 20
        /// or span this time, ns.
        var chunkNs: UInt64 = 1_000_000_000
    }

    /// The smallest and largest log time and the number of the messages so far.
    private(set) var startTime: UInt64?
    private(set) var endTime: UInt64 = 0
    private(set) var messageCount: UInt64 = 0

    private let file: RecordingFile
    private let settings: Settings
    private var schemas: [MCAPSchema] = []
    private var channels: [MCAPChannel] = []
    private var counts: [UInt64] = []
    private var chunks: [MCAPChunkIndex] = []
    private var attachments: [MCAPAttachmentIndex] = []

    /// The open chunk: its records, and for each channel the log times and offsets of its messages.
    private var records = FieldWriter()
    private var indexes: [[(time: UInt64, offset: UInt64)]] = []
    private var hasChannel: [Bool] = []
    private var hasSchema: [Bool] = []
    private var chunkStart: UInt64 = 0
    private var chunkEnd: UInt64 = 0
    /// Nothing waits to be written.
    private(set) var isChunkEmpty = true

    private var packed: [UInt8] = []
    private var head = FieldWriter()

    /// - Parameter library: what the header says wrote the file.
    init(path: String, library: String, settings: Settings = Settings()) throws(RecordingError) {
        file = try RecordingFile(creating: path)
        self.settings = settings
        head.put(MCAPFormat.magic)
        head.putRecord(.header) { fields in
            fields.put("")
            fields.put(library)
        }
        // A file without a beginning would be in every later reader's way.
        do { try file.append(head.bytes) } catch {
            unlink(path)
            throw error
        }
    }

    var path: String { file.path }
    /// Bytes in the file and in the open chunk.
    var byteCount: UInt64 { file.count + UInt64(records.bytes.count) }

    /// The number of a channel like this one, made if there is none.
    func channel(_ channel: MCAPChannel) -> UInt16 {
        if let known = channels.firstIndex(of: channel) { return UInt16(known) }
        if let schema = channel.schema, !schemas.contains(schema) {
            schemas.append(schema)
            hasSchema.append(false)
        }
        channels.append(channel)
        counts.append(0)
        indexes.append([])
        hasChannel.append(false)
        return UInt16(channels.count - 1)
    }

    /// Adds a message; `body` appends its bytes. Times in ns since 1970.
    ///
    /// - Parameter isHeldTogether: the next message belongs to this one, into the same chunk.
    func write(
        channel: UInt16, sequence: UInt32, logTime: UInt64, publishTime: UInt64, isHeldTogether: Bool = false, body: (inout FieldWriter) -> Void
    ) throws(RecordingError) {
        let number = Int(channel)
        if !hasChannel[number] { describe(number) }
        let offset = UInt64(records.bytes.count)
        records.putRecord(.message) { fields in
            fields.put(channel)
            fields.put(sequence)
            fields.put(logTime)
            fields.put(publishTime)
            body(&fields)
        }
        indexes[number].append((logTime, offset))
        chunkStart = isChunkEmpty ? logTime : min(chunkStart, logTime)
        chunkEnd = isChunkEmpty ? logTime : max(chunkEnd, logTime)
        isChunkEmpty = false
        counts[number] += 1
        messageCount += 1
        startTime = min(startTime ?? logTime, logTime)
        endTime = max(endTime, logTime)
        if isHeldTogether { return }
        if records.bytes.count >= settings.chunkBytes || chunkEnd - chunkStart >= settings.chunkNs { try flush() }
    }

    /// A file that belongs to the recording. The open chunk leaves before it.
    func attach(name: String, mediaType: String, data: [UInt8], time: UInt64) throws(RecordingError) {
        try flush()
        head.removeAll()
        head.putRecord(.attachment) { fields in
            let start = fields.bytes.count
            fields.put(time)
            fields.put(time)
            fields.put(name)
            fields.put(mediaType)
            fields.put(UInt64(data.count))
            fields.put(data)
            fields.put(fields.bytes.withUnsafeBytes { CRC32.checksum(UnsafeRawBufferPointer(rebasing: $0[start...])) })
        }
        attachments.append(MCAPAttachmentIndex(
            offset: file.count, length: UInt64(head.bytes.count), logTime: time, createTime: time, dataSize: UInt64(data.count), name: name,
            mediaType: mediaType))
        try file.append(head.bytes)
    }

    /// Writes the open chunk. On an error its messages are lost and the file ends with the chunk before.
    func flush() throws(RecordingError) {
        guard !isChunkEmpty else { return }
        defer {
            records.removeAll()
            for number in indexes.indices { indexes[number].removeAll(keepingCapacity: true) }
            for number in hasChannel.indices { hasChannel[number] = false }
            for number in hasSchema.indices { hasSchema[number] = false }
            isChunkEmpty = true
        }
        let size = records.bytes.count, packedSize = settings.compression.pack(records.bytes, into: &packed)
        var index = MCAPChunkIndex(
            startTime: chunkStart, endTime: chunkEnd, offset: file.count, length: 0,
            compression: packedSize == nil ? "" : settings.compression.mark, compressedSize: UInt64(packedSize ?? size), uncompressedSize: UInt64(size))
        head.removeAll()
        head.put(MCAPOpcode.chunk.rawValue)
        head.put(UInt64(8 + 8 + 8 + 4 + 4 + index.compression.utf8.count + 8) + index.compressedSize)
        head.put(index.startTime)
        head.put(index.endTime)
        head.put(index.uncompressedSize)
        head.put(records.bytes.withUnsafeBytes { CRC32.checksum($0) })
        head.put(index.compression)
        head.put(index.compressedSize)
        index.length = UInt64(head.bytes.count) + index.compressedSize
        let content = packedSize.map { packed[..<$0] } ?? records.bytes[...]
        try file.append(head.bytes[...], content)
        // From here on the chunk is in the file, whatever becomes of its message indexes.
        chunks.append(index)
        head.removeAll()
        let indexStart = file.count
        for (number, entries) in indexes.enumerated() where !entries.isEmpty {
            index.messageIndexes.append((UInt16(number), indexStart + UInt64(head.bytes.count)))
            head.putRecord(.messageIndex) { fields in
                fields.put(UInt16(number))
                fields.putCounted { fields in
                    for entry in entries {
                        fields.put(entry.time)
                        fields.put(entry.offset)
                    }
                }
            }
        }
        index.messageIndexLength = UInt64(head.bytes.count)
        try file.append(head.bytes)
        chunks[chunks.count - 1] = index
    }

    /// Ends the file: the open chunk, the summary, the footer.
    ///
    /// - Parameter waitsForDisk: returns when it would survive a loss of power; else that is left to another thread.
    func finish(waitsForDisk: Bool) throws(RecordingError) {
        try flush()
        head.removeAll()
        // 0: no CRC of the data section; each chunk and each attachment has its own.
        head.putRecord(.dataEnd) { $0.put(UInt32(0)) }
        try file.append(head.bytes)
        try file.append(summary())
        if waitsForDisk { try file.synchronise() } else { file.synchroniseLater() }
    }

    // MARK: Records that stand in chunks and in the summary

    /// Every chunk says what its channels are, so that it can be read without any other.
    private func describe(_ number: Int) {
        hasChannel[number] = true
        if let schema = channels[number].schema, let place = schemas.firstIndex(of: schema), !hasSchema[place] {
            hasSchema[place] = true
            putSchema(place, into: &records)
        }
        putChannel(number, into: &records)
    }

    private func putSchema(_ place: Int, into fields: inout FieldWriter) {
        let schema = schemas[place]
        fields.putRecord(.schema) { fields in
            fields.put(UInt16(place + 1))
            fields.put(schema.name)
            fields.put(schema.encoding)
            fields.put(UInt32(schema.data.count))
            fields.put(schema.data)
        }
    }

    private func putChannel(_ number: Int, into fields: inout FieldWriter) {
        let channel = channels[number]
        // 0: without a schema.
        let schema = channel.schema.flatMap { schemas.firstIndex(of: $0) }.map { UInt16($0 + 1) } ?? 0
        fields.putRecord(.channel) { fields in
            fields.put(UInt16(number))
            fields.put(schema)
            fields.put(channel.topic)
            fields.put(channel.encoding)
            fields.put(channel.metadata)
        }
    }

    /// The summary section, its offsets, the footer and the closing magic.
    private func summary() -> [UInt8] {
        var fields = FieldWriter()
        let start = file.count
        var groups: [(opcode: MCAPOpcode, start: Int, end: Int)] = []
        func group(_ opcode: MCAPOpcode, _ body: () -> Void) {
            let begin = fields.bytes.count
            body()
            if fields.bytes.count > begin { groups.append((opcode, begin, fields.bytes.count)) }
        }
        group(.schema) { for place in schemas.indices { putSchema(place, into: &fields) } }
        group(.channel) { for number in channels.indices { putChannel(number, into: &fields) } }
        group(.statistics) { putStatistics(into: &fields) }
        group(.chunkIndex) { for chunk in chunks { fields.put(chunk) } }
        group(.attachmentIndex) { for attachment in attachments { fields.put(attachment) } }
        let offsetStart = start + UInt64(fields.bytes.count)
        for group in groups {
            fields.putRecord(.summaryOffset) { fields in
                fields.put(group.opcode.rawValue)
                fields.put(start + UInt64(group.start))
                fields.put(UInt64(group.end - group.start))
            }
        }
        fields.put(MCAPOpcode.footer.rawValue)
        fields.put(UInt64(MCAPFormat.footerBytes))
        fields.put(start)
        fields.put(offsetStart)
        // Of everything from the summary's start to here.
        fields.put(fields.bytes.withUnsafeBytes { CRC32.checksum($0) })
        fields.put(MCAPFormat.magic)
        return fields.bytes
    }

    private func putStatistics(into fields: inout FieldWriter) {
        fields.putRecord(.statistics) { fields in
            fields.put(messageCount)
            fields.put(UInt16(schemas.count))
            fields.put(UInt32(channels.count))
            fields.put(UInt32(attachments.count))
            fields.put(UInt32(0))
            fields.put(UInt32(chunks.count))
            fields.put(startTime ?? 0)
            fields.put(endTime)
            fields.putCounted { fields in
                for (number, count) in counts.enumerated() {
                    fields.put(UInt16(number))
                    fields.put(count)
                }
            }
        }
    }
}

extension FieldWriter {
    mutating func put(_ chunk: MCAPChunkIndex) {
        putRecord(.chunkIndex) { fields in
            fields.put(chunk.startTime)
            fields.put(chunk.endTime)
            fields.put(chunk.offset)
            fields.put(chunk.length)
            fields.putCounted { fields in
                for entry in chunk.messageIndexes {
                    fields.put(entry.channel)
                    fields.put(entry.offset)
                }
            }
            fields.put(chunk.messageIndexLength)
            fields.put(chunk.compression)
            fields.put(chunk.compressedSize)
            fields.put(chunk.uncompressedSize)
        }
    }

    mutating func put(_ attachment: MCAPAttachmentIndex) {
        putRecord(.attachmentIndex) { fields in
            fields.put(attachment.offset)
            fields.put(attachment.length)
            fields.put(attachment.logTime)
            fields.put(attachment.createTime)
            fields.put(attachment.dataSize)
            fields.put(attachment.name)
            fields.put(attachment.mediaType)
        }
    }
}
