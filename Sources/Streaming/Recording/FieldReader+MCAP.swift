/// MCAP's records, after opcode and length. nil: the record is damaged.
extension FieldReader {
    mutating func schema() -> (number: UInt16, MCAPSchema)? {
        guard let number = integer(UInt16.self), number != 0, let name = string(), let encoding = string(), let data = counted() else { return nil }
        return (number, MCAPSchema(name: name, encoding: encoding, data: [UInt8](data)))
    }

    mutating func channel(_ schemas: [UInt16: MCAPSchema]) -> (number: UInt16, MCAPChannel)? {
        guard let number = integer(UInt16.self), let schema = integer(UInt16.self), let topic = string(), let encoding = string(),
              let metadata = map()
        else { return nil }
        return (number, MCAPChannel(topic: topic, encoding: encoding, metadata: metadata, schema: schemas[schema]))
    }

    mutating func chunkIndex() -> MCAPChunkIndex? {
        guard let start = integer(UInt64.self), let end = integer(UInt64.self), let offset = integer(UInt64.self),
              let length = integer(UInt64.self), counted() != nil, let indexLength = integer(UInt64.self), let compression = string(),
              let compressed = integer(UInt64.self), let uncompressed = integer(UInt64.self)
        else { return nil }
        return MCAPChunkIndex(
            startTime: start, endTime: end, offset: offset, length: length, compression: compression, compressedSize: compressed,
            uncompressedSize: uncompressed, messageIndexLength: indexLength)
    }

    /// What stands before a chunk's records.
    mutating func chunkHead(at offset: UInt64, length: UInt64) -> MCAPChunkIndex? {
        guard let start = integer(UInt64.self), let end = integer(UInt64.self), start <= end, let uncompressed = integer(UInt64.self),
              integer(UInt32.self) != nil, let compression = string(), let compressed = integer(UInt64.self)
        else { return nil }
        return MCAPChunkIndex(
            startTime: start, endTime: end, offset: offset, length: length, compression: compression, compressedSize: compressed,
            uncompressedSize: uncompressed)
    }

    mutating func attachmentIndex() -> MCAPAttachmentIndex? {
        guard let offset = integer(UInt64.self), let length = integer(UInt64.self), let log = integer(UInt64.self),
              let create = integer(UInt64.self), let size = integer(UInt64.self), let name = string(), let mediaType = string()
        else { return nil }
        return MCAPAttachmentIndex(
            offset: offset, length: length, logTime: log, createTime: create, dataSize: size, name: name, mediaType: mediaType)
    }

    /// What stands before an attachment's data.
    mutating func attachmentHead(at offset: UInt64, length: UInt64) -> MCAPAttachmentIndex? {
        guard let log = integer(UInt64.self), let create = integer(UInt64.self), let name = string(), let mediaType = string(),
              let size = integer(UInt64.self)
        else { return nil }
        return MCAPAttachmentIndex(
            offset: offset, length: length, logTime: log, createTime: create, dataSize: size, name: name, mediaType: mediaType)
    }
}
