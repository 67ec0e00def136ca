/// The MCAP file format, version 0 (specification at mcap.dev/spec).
///
/// `magic · Header · data section · DataEnd · summary section · Footer · magic`. Everything between the magics is a record: an
/// opcode of one byte, the content's length as UInt64, the content. flawd writes messages in chunks only, each followed by its
/// message indexes; the summary has schemas, channels, statistics and the indexes of chunks and attachments.
enum MCAPFormat {
    static let magic: [UInt8] = [0x89, 0x4D, 0x43, 0x41, 0x50, 0x30, 0x0D, 0x0A]
    /// Opcode and length.
    static let prefixBytes = 9
    /// Two UInt64 and a UInt32.
    static let footerBytes = 20

    /// The largest chunk that is read, packed or not: what a file can make flawd allocate.
    static let maxChunkBytes = 256 << 20
    /// The largest summary that is read; a file with a larger one is read from its start.
    static let maxSummaryBytes = 64 << 20
}

enum MCAPOpcode: UInt8 {
    case header = 0x01, footer, schema, channel, message, chunk, messageIndex, chunkIndex, attachment, attachmentIndex
    case statistics, metadata, metadataIndex, summaryOffset, dataEnd
}

/// What the messages of a channel look like.
public struct MCAPSchema: Hashable, Sendable {
    public var name: String
    /// `protobuf`, `jsonschema`, …
    public var encoding: String
    public var data: [UInt8]
}

/// A stream of messages under one topic.
public struct MCAPChannel: Hashable, Sendable {
    public var topic: String
    /// `protobuf`, `json`, …
    public var encoding: String
    public var metadata: [String: String] = [:]
    /// nil: the messages have none.
    public var schema: MCAPSchema?
}

/// The schemas and channels that a file has told of so far, by number.
struct MCAPCatalogue {
    var schemas: [UInt16: MCAPSchema] = [:]
    var channels: [UInt16: MCAPChannel] = [:]

    /// Enters a schema or channel record; false when it is damaged. Other records are none of its business.
    mutating func take(_ opcode: MCAPOpcode?, _ content: UnsafeRawBufferPointer) -> Bool {
        var fields = FieldReader(content)
        switch opcode {
        case .schema:
            guard let (number, schema) = fields.schema() else { return false }
            schemas[number] = schema
        case .channel:
            guard let (number, channel) = fields.channel(schemas) else { return false }
            // A channel's schema may have been told with an earlier mention of it.
            if channel.schema != nil || channels[number] == nil { channels[number] = channel }
        default: break
        }
        return true
    }
}

/// Where a chunk lies and which time it covers.
struct MCAPChunkIndex {
    /// Log times of the first and the last message, ns; 0 and 0 for a chunk without messages.
    var startTime: UInt64
    var endTime: UInt64
    /// Of the record, from the file's start, its opcode and length included.
    var offset: UInt64
    var length: UInt64
    var compression: String
    var compressedSize: UInt64
    var uncompressedSize: UInt64
    /// Channel → offset of its message index.
    var messageIndexes: [(channel: UInt16, offset: UInt64)] = []
    var messageIndexLength: UInt64 = 0
    /// Records that stand in the file as they are, outside any chunk, from `offset` on.
    var isBare = false
}

struct MCAPAttachmentIndex: Hashable {
    var offset: UInt64
    var length: UInt64
    var logTime: UInt64
    var createTime: UInt64
    var dataSize: UInt64
    var name: String
    var mediaType: String
}
