/// The directory of a zip archive as `torch.save` writes it (APPNOTE 6.3, stored entries only, zip64 where needed).
///
/// Nothing is taken on trust: the end record, the directory and every local header must agree with each other and lie
/// inside the file, entries must not overlap or occur twice, and none may be compressed or encrypted.
struct ZipArchive {
    /// Where each entry's bytes lie in the file.
    private(set) var entries: [String: Range<Int>] = [:]

    private static let mostEntries = 200_000
    private let bytes: UnsafeRawBufferPointer
    private let file: String

    /// An entry as the directory describes it.
    private struct Listing {
        var name: String
        var flags: UInt16
        var checksum: UInt32
        var size: Int
        /// Of its local header.
        var offset: Int
    }

    /// Set in an entry's flags: the sizes follow the data instead of standing before it.
    private static let sizesFollow: UInt16 = 1 << 3
    private static let nameIsUTF8: UInt16 = 1 << 11

    init(_ bytes: UnsafeRawBufferPointer, file: String) throws(CheckpointError) {
        self.bytes = bytes
        self.file = file
        let directory = try findDirectory()
        var ends: [(start: Int, end: Int, name: String)] = []
        var entries: [String: Range<Int>] = [:]
        var position = directory.range.lowerBound
        for _ in 0..<directory.count {
            let listing = try readListing(&position, limit: directory.range.upperBound)
            guard entries[listing.name] == nil else { throw wrong("the zip archive holds \(listing.name) twice") }
            let (range, end) = try locate(listing, limit: directory.range.lowerBound)
            entries[listing.name] = range
            ends.append((listing.offset, end, listing.name))
        }
        guard position == directory.range.upperBound else {
            throw wrong("the zip archive's directory is \(directory.range.count) bytes long; its \(directory.count) entries take another number")
        }
        ends.sort { $0.start < $1.start }
        for (first, second) in zip(ends, ends.dropFirst()) where second.start < first.end {
            throw wrong("\(first.name) and \(second.name) overlap in the zip archive")
        }
        self.entries = entries
    }

    func data(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

    private func wrong(_ problem: String) -> CheckpointError { CheckpointError(file: file, problem: problem) }

    /// Reads the end record, in its zip64 form where there is one.
    private func findDirectory() throws(CheckpointError) -> (range: Range<Int>, count: Int) {
        let end = bytes.count - 22
        guard bytes.integer(at: end, as: UInt32.self) == 0x0605_4B50, bytes.integer(at: end + 20, as: UInt16.self) == 0 else {
            throw wrong("the zip archive has no end: the file is cut (a download that stopped?) or something follows it")
        }
        guard let disk = bytes.integer(at: end + 4, as: UInt32.self), let here = bytes.size(at: end + 8, as: UInt16.self),
            var count = bytes.size(at: end + 10, as: UInt16.self), var size = bytes.size(at: end + 12, as: UInt32.self),
            var offset = bytes.size(at: end + 16, as: UInt32.self)
        else { throw wrong("the zip archive's end is cut") }
        var directoryEnd = end
        if bytes.integer(at: end - 20, as: UInt32.self) == 0x0706_4B50 {
            guard let place = bytes.size(at: end - 12, as: UInt64.self), place <= end - 20 - 56,
                bytes.integer(at: place, as: UInt32.self) == 0x0606_4B50,
                let length = bytes.size(at: place + 4, as: UInt64.self), length == end - 20 - place - 12,
                let disks = bytes.integer(at: place + 16, as: UInt64.self), disks == 0,
                let here64 = bytes.size(at: place + 24, as: UInt64.self),
                let count64 = bytes.size(at: place + 32, as: UInt64.self), here64 == count64,
                let size64 = bytes.size(at: place + 40, as: UInt64.self), let offset64 = bytes.size(at: place + 48, as: UInt64.self),
                count == count64 || count == 0xFFFF, size == size64 || size == 0xFFFF_FFFF,
                offset == offset64 || offset == 0xFFFF_FFFF
            else { throw wrong("the zip archive's zip64 end record contradicts its end record or itself") }
            (count, size, offset, directoryEnd) = (count64, size64, offset64, place)
        } else if here != count {
            throw wrong("the zip archive is one of several parts")
        }
        guard disk == 0 else { throw wrong("the zip archive is one of several parts") }
        guard count <= Self.mostEntries else { throw wrong("the zip archive claims \(count) entries; \(Self.mostEntries) are possible") }
        guard offset <= directoryEnd, size == directoryEnd - offset else {
            throw wrong("the zip archive's directory is said to be \(size) bytes at \(offset), which is not where it ends")
        }
        return (offset..<directoryEnd, count)
    }

    private func readListing(_ position: inout Int, limit: Int) throws(CheckpointError) -> Listing {
        guard position <= limit - 46, bytes.integer(at: position, as: UInt32.self) == 0x0201_4B50,
            let flags = bytes.integer(at: position + 8, as: UInt16.self),
            let method = bytes.integer(at: position + 10, as: UInt16.self),
            let checksum = bytes.integer(at: position + 16, as: UInt32.self),
            var compressed = bytes.size(at: position + 20, as: UInt32.self), var size = bytes.size(at: position + 24, as: UInt32.self),
            let nameLength = bytes.size(at: position + 28, as: UInt16.self),
            let extraLength = bytes.size(at: position + 30, as: UInt16.self),
            let commentLength = bytes.size(at: position + 32, as: UInt16.self),
            let disk = bytes.integer(at: position + 34, as: UInt16.self),
            var offset = bytes.size(at: position + 42, as: UInt32.self),
            nameLength + extraLength + commentLength <= limit - position - 46,
            let nameBytes = bytes.part(at: position + 46, count: nameLength),
            let extra = bytes.part(at: position + 46 + nameLength, count: extraLength)
        else { throw wrong("the zip archive's directory is damaged at byte \(position)") }
        guard let name = String(validating: nameBytes, as: UTF8.self), !name.isEmpty, !name.utf8.contains(0) else {
            throw wrong("the zip archive's directory has an entry without a readable name at byte \(position)")
        }
        guard flags & ~(Self.sizesFollow | Self.nameIsUTF8) == 0 else {
            throw wrong("\(name) in the zip archive is encrypted or of a kind that torch.save does not write")
        }
        guard method == 0 else {
            throw wrong("\(name) in the zip archive is compressed (method \(method)); torch.save stores entries as they are: unpack the archive if a .pth was zipped")
        }
        try widen(extra, of: name, &size, &compressed, &offset)
        guard disk == 0 else { throw wrong("\(name) lies in another part of the zip archive") }
        guard compressed == size else { throw wrong("\(name) is stored with \(compressed) bytes but said to hold \(size)") }
        position += 46 + nameLength + extraLength + commentLength
        return Listing(name: name, flags: flags, checksum: checksum, size: size, offset: offset)
    }

    /// Takes the 64-bit sizes out of an entry's extra fields where the 32-bit ones are all ones.
    private func widen(
        _ extra: UnsafeRawBufferPointer, of name: String, _ size: inout Int, _ compressed: inout Int, _ offset: inout Int
    ) throws(CheckpointError) {
        var position = 0
        var wide: UnsafeRawBufferPointer?
        while position < extra.count {
            guard let kind = extra.integer(at: position, as: UInt16.self), let length = extra.size(at: position + 2, as: UInt16.self),
                let field = extra.part(at: position + 4, count: length), kind != 1 || wide == nil
            else { throw wrong("\(name) has damaged extra fields in the zip archive") }
            if kind == 1 { wide = field }
            position += 4 + length
        }
        var next = 0
        func replace(_ value: inout Int) throws(CheckpointError) {
            guard value == 0xFFFF_FFFF else { return }
            guard let read = wide?.size(at: next, as: UInt64.self) else {
                throw wrong("\(name) lacks its 64-bit sizes in the zip archive")
            }
            value = read
            next += 8
        }
        try replace(&size)
        try replace(&compressed)
        try replace(&offset)
    }

    /// Checks the local header against the directory.
    ///
    /// - Returns: where the data lies, and where the entry ends.
    private func locate(_ listing: Listing, limit: Int) throws(CheckpointError) -> (data: Range<Int>, end: Int) {
        let at = listing.offset, name = listing.name
        func outside() -> CheckpointError {
            wrong("\(name) is said to be \(listing.size) bytes at \(at) of the zip archive, which is outside of it")
        }
        guard at <= limit - 30, listing.size <= limit else { throw outside() }
        guard bytes.integer(at: at, as: UInt32.self) == 0x0403_4B50, bytes.integer(at: at + 6, as: UInt16.self) == listing.flags,
            bytes.integer(at: at + 8, as: UInt16.self) == 0, let size = bytes.size(at: at + 22, as: UInt32.self),
            let nameLength = bytes.size(at: at + 26, as: UInt16.self), let extraLength = bytes.size(at: at + 28, as: UInt16.self),
            let nameBytes = bytes.part(at: at + 30, count: nameLength), nameBytes.elementsEqual(name.utf8)
        else { throw wrong("\(name)'s own header at byte \(at) contradicts the zip archive's directory") }
        let start = at + 30 + nameLength + extraLength
        guard start <= limit, listing.size <= limit - start else { throw outside() }
        let end = start + listing.size
        guard listing.flags & Self.sizesFollow != 0 else {
            guard size == listing.size || size == 0xFFFF_FFFF else {
                throw wrong("\(name) holds \(size) bytes by its own header, \(listing.size) by the zip archive's directory")
            }
            return (start..<end, end)
        }
        let narrow = bytes.size(at: end + 8, as: UInt32.self) == listing.size
        guard bytes.integer(at: end, as: UInt32.self) == 0x0807_4B50, bytes.integer(at: end + 4, as: UInt32.self) == listing.checksum,
            narrow || bytes.size(at: end + 8, as: UInt64.self) == listing.size, end <= limit - (narrow ? 16 : 24)
        else { throw wrong("what follows \(name) in the zip archive is not its sizes") }
        return (start..<end, end + (narrow ? 16 : 24))
    }
}
