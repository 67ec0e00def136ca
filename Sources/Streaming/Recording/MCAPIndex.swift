/// What an MCAP file holds, from its summary or, without a usable one, from a walk over its records' prefixes.
public struct MCAPIndex {
    public private(set) var library = ""
    /// Channels by number, as far as they are known without reading a chunk.
    public var channels: [UInt16: MCAPChannel] { catalogue.channels }
    /// Messages in the file; nil where only reading it all would tell.
    public private(set) var messageCount: UInt64?
    /// Whether the file had no usable summary.
    public private(set) var isRecovered = false
    private(set) var chunks: [MCAPChunkIndex] = []
    private(set) var attachments: [MCAPAttachmentIndex] = []
    private(set) var catalogue = MCAPCatalogue()

    public var attachmentNames: [String] { attachments.map(\.name) }

    /// The log times of the first and the last message, ns since 1970; nil in a file without messages.
    public var times: ClosedRange<UInt64>? {
        // A chunk without messages says 0 and 0.
        let filled = chunks.filter { $0.endTime > 0 }
        guard let first = filled.map(\.startTime).min(), let last = filled.map(\.endTime).max() else { return nil }
        return first...last
    }

    init(reading source: RecordingSource, losses: inout [String]) throws(RecordingError) {
        let magic = MCAPFormat.magic
        guard source.size >= UInt64(magic.count), try source.read(at: 0, count: magic.count) == magic else {
            throw RecordingError(source.path, "this is no MCAP file: it does not begin with \\x89MCAP0\\r\\n")
        }
        if let header = try source.record(at: UInt64(magic.count)), header.opcode == MCAPOpcode.header.rawValue, header.content.count <= 1 << 20 {
            let content = try source.read(at: header.content.lowerBound, count: header.content.count)
            content.withUnsafeBytes { bytes in
                var fields = FieldReader(bytes)
                if fields.string() != nil { library = fields.string() ?? "" }
            }
        }
        do throws(RecordingError) {
            try readSummary(source)
        } catch {
            let fresh = MCAPIndex(library: library)
            self = fresh
            isRecovered = true
            losses.append(error.description)
            try recover(source, losses: &losses)
        }
    }

    private init(library: String) { self.library = library }

    // MARK: By the summary

    private mutating func readSummary(_ source: RecordingSource) throws(RecordingError) {
        let magic = MCAPFormat.magic, tail = MCAPFormat.prefixBytes + MCAPFormat.footerBytes + magic.count
        func problem(_ text: String) -> RecordingError { RecordingError(source.path, text) }
        guard source.size >= UInt64(magic.count + tail) else { throw problem("the file was not finished: it has no footer") }
        let footerStart = source.size - UInt64(tail), end = try source.read(at: footerStart, count: tail)
        guard end.suffix(magic.count).elementsEqual(magic), end.first == MCAPOpcode.footer.rawValue else {
            throw problem("the file was not finished: it has no footer")
        }
        let (start, crc) = end.withUnsafeBytes { bytes in
            (UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: MCAPFormat.prefixBytes, as: UInt64.self)),
             UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: MCAPFormat.prefixBytes + 16, as: UInt32.self)))
        }
        guard start >= UInt64(magic.count), start < footerStart else { throw problem("the file has no summary") }
        guard footerStart - start <= UInt64(MCAPFormat.maxSummaryBytes) else {
            throw problem("its summary has \(footerStart - start) bytes, at most \(MCAPFormat.maxSummaryBytes) are read")
        }
        let length = Int(footerStart - start)
        // The CRC's range ends before the CRC, in the footer.
        let summary = try source.read(at: start, count: length + MCAPFormat.prefixBytes + 16)
        let isWhole = summary.withUnsafeBytes { crc == 0 || CRC32.checksum($0) == crc }
        guard isWhole else { throw problem("its summary is damaged: the CRC is another") }
        var hasMessages = false
        let isReadable = summary.withUnsafeBytes { bytes -> Bool in
            var records = FieldReader(UnsafeRawBufferPointer(rebasing: bytes[..<length]))
            while !records.isAtEnd {
                guard let opcode = records.integer(UInt8.self), let count = records.integer(UInt64.self), let content = records.bytes(count),
                      take(MCAPOpcode(rawValue: opcode), content)
                else { return false }
            }
            hasMessages = messageCount.map { $0 > 0 } ?? true
            return true
        }
        guard isReadable else { throw problem("its summary is damaged") }
        var before: UInt64 = 0
        for chunk in chunks.sorted(by: { $0.offset < $1.offset }) {
            let (end, overflow) = chunk.offset.addingReportingOverflow(chunk.length)
            guard !overflow, chunk.length > 0, chunk.offset >= before, end <= start, chunk.startTime <= chunk.endTime else {
                throw problem("its index does not fit the file")
            }
            before = end
        }
        // Messages that stand outside chunks have no index; the specification allows them.
        if hasMessages, chunks.isEmpty { throw problem("it has no index of its messages") }
    }

    /// Enters a record of the summary; false when it is damaged.
    private mutating func take(_ opcode: MCAPOpcode?, _ content: UnsafeRawBufferPointer) -> Bool {
        var fields = FieldReader(content)
        switch opcode {
        case .schema, .channel: return catalogue.take(opcode, content)
        case .statistics:
            guard let count = fields.integer(UInt64.self) else { return false }
            messageCount = count
        case .chunkIndex:
            guard let chunk = fields.chunkIndex() else { return false }
            chunks.append(chunk)
        case .attachmentIndex:
            guard let attachment = fields.attachmentIndex() else { return false }
            attachments.append(attachment)
        default:
            break
        }
        return true
    }

    // MARK: By the records themselves

    /// Walks from record to record, reading of a chunk its head only. Records outside chunks are grouped into pieces that are
    /// read like chunks.
    private mutating func recover(_ source: RecordingSource, losses: inout [String]) throws(RecordingError) {
        var offset = UInt64(MCAPFormat.magic.count), bareStart: UInt64?, bareTimes: ClosedRange<UInt64>?
        func closeBare() {
            if let start = bareStart, let times = bareTimes {
                let length = offset - start
                chunks.append(MCAPChunkIndex(
                    startTime: times.lowerBound, endTime: times.upperBound, offset: start, length: length, compression: "",
                    compressedSize: length, uncompressedSize: length, isBare: true))
            }
            bareStart = nil
            bareTimes = nil
        }
        func lose(_ what: String) {
            // A file of garbage has as many faults as it likes.
            if losses.count < 100 { losses.append("\(source.path): \(what)") }
        }
        // 0 is no opcode, but what a file has where nothing was written.
        while let (opcode, content) = try source.record(at: offset), opcode != 0 {
            let kind = MCAPOpcode(rawValue: opcode)
            if kind == .dataEnd || kind == .footer {
                closeBare()
                return
            }
            switch kind {
            case .message, .schema, .channel:
                if let start = bareStart, content.upperBound - start > 4 << 20 { closeBare() }
                if bareStart == nil { bareStart = offset }
                if kind == .message, content.count >= 14 {
                    let head = try source.read(at: content.lowerBound + 6, count: 8)
                    let time = head.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
                    bareTimes = bareTimes.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
                } else if kind != .message, content.count <= 1 << 20 {
                    let bytes = try source.read(at: content.lowerBound, count: content.count)
                    _ = bytes.withUnsafeBytes { catalogue.take(kind, $0) }
                }
            case .chunk:
                closeBare()
                let head = try source.read(at: content.lowerBound, count: min(content.count, 64))
                let entry = head.withUnsafeBytes { bytes -> MCAPChunkIndex? in
                    var fields = FieldReader(bytes)
                    return fields.chunkHead(at: offset, length: content.upperBound - offset)
                }
                if let entry {
                    chunks.append(entry)
                } else {
                    lose("the chunk at byte \(offset) is damaged")
                }
            case .attachment:
                closeBare()
                let head = try source.read(at: content.lowerBound, count: min(content.count, 4096))
                head.withUnsafeBytes { bytes in
                    var fields = FieldReader(bytes)
                    if let entry = fields.attachmentHead(at: offset, length: content.upperBound - offset) { attachments.append(entry) }
                }
            default:
                closeBare()
            }
            offset = content.upperBound
        }
        closeBare()
        if offset < source.size {
            lose("the last \(source.size - offset) bytes, from byte \(offset) on, are a record that was cut")
        }
    }
}
