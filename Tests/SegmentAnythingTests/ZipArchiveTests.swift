import Testing
@testable import SegmentAnything

/// Zip archives whose parts contradict each other: each is refused, none is read outside of its entries.
struct ZipArchiveTests {
    static let small = ZipBuilder(pickle: [1, 2, 3], storages: [("0", [4, 5, 6, 7])])

    func open(_ bytes: [UInt8]) throws -> [String: [UInt8]] {
        try bytes.withUnsafeBytes { buffer in
            let archive = try ZipArchive(buffer, file: "m.pth")
            return archive.entries.mapValues { Array(archive.data($0)) }
        }
    }

    func expectRefusal(
        _ zip: ZipBuilder, _ message: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) { try open(zip.bytes) }
        #expect(message.isEmpty || error?.problem.contains(message) == true, "\(error?.problem ?? "")", sourceLocation: sourceLocation)
    }

    func changed(_ change: (inout ZipBuilder) -> Void) -> ZipBuilder {
        var zip = Self.small
        change(&zip)
        return zip
    }

    @Test(arguments: [true, false])
    func entries_AreFound(_ zip64: Bool) throws {
        let found = try open(changed { $0.zip64 = zip64 }.bytes)
        #expect(found == ["archive/data.pkl": [1, 2, 3], "archive/byteorder": Array("little".utf8), "archive/data/0": [4, 5, 6, 7]])
    }

    @Test func compressedOrEncrypted_IsRefused() {
        expectRefusal(changed { $0.entries[2].method = 8 }, "archive/data/0 in the zip archive is compressed (method 8)")
        expectRefusal(changed { $0.entries[2].flags = 0x809 }, "encrypted")
    }

    @Test func twoEntriesOfOneName_AreRefused() {
        expectRefusal(changed { $0.entries.append($0.entries[0]) }, "holds archive/data.pkl twice")
    }

    @Test func entriesOutside_AreRefused() {
        expectRefusal(changed { $0.entries[2].claimedSize = 5 }, "is not its sizes")
        expectRefusal(changed { $0.entries[2].claimedSize = 1 << 30 }, "outside of it")
        expectRefusal(changed { $0.entries[2].claimedOffset = 1 << 30 }, "outside of it")
        expectRefusal(changed { $0.entries[2].claimedOffset = 3 }, "contradicts")
        // The directory's own bytes as an entry.
        expectRefusal(changed { $0.entries[2].claimedSize = 60 }, "")
        // Two names for the same bytes.
        expectRefusal(
            changed {
                $0.entries.append($0.entries[2])
                $0.entries[3].name = "archive/data/1"
                $0.entries[3].claimedOffset = $0.entries[2].claimedOffset ?? 0
            }, "contradicts")
    }

    @Test func overlappingEntries_AreRefused() {
        // One entry whose data is a whole second entry that the directory lists too.
        var other = ZipBuilder(pickle: [])
        other.entries = [.init(name: "archive/x", data: [9])]
        let inner = other.bytes
        var zip = changed { $0.entries[2].data = inner }
        let bytes = zip.bytes
        let place = bytes.indices.first { bytes[$0...].prefix(inner.count).elementsEqual(inner) } ?? 0
        zip.entries.append(.init(name: "archive/x", data: [9], claimedOffset: UInt32(place)))
        expectRefusal(zip, "archive/data/0 and archive/x overlap")
    }

    @Test func zip64Lies_AreRefused() {
        for count: UInt64 in [0, 1, 2, 4, 0xFFFF, 1 << 40, .max] { expectRefusal(changed { $0.claimedCount = count }, "") }
        for size: UInt64 in [0, 1, 1 << 40, .max] { expectRefusal(changed { $0.claimedDirectorySize = size }, "") }
        for offset: UInt64 in [0, 1, 1 << 40, .max, UInt64(Int64.max)] { expectRefusal(changed { $0.claimedDirectoryOffset = offset }, "") }
        // Sizes that are said to stand in the 64-bit field, which is missing, cut, or claims too much.
        expectRefusal(changed { $0.entries[2].claimedSize = .max }, "lacks its 64-bit sizes")
        expectRefusal(changed { $0.entries[2].extra = [1, 0, 200, 0] }, "damaged extra fields")
        let huge = PickleBuilder.little(UInt64.max - 7)
        expectRefusal(
            changed {
                $0.entries[2].claimedSize = .max
                $0.entries[2].extra = [1, 0, 16, 0] + huge + huge
            }, "lacks its 64-bit sizes")
        let wide = PickleBuilder.little(UInt64(1) << 62)
        expectRefusal(
            changed {
                $0.entries[2].claimedSize = .max
                $0.entries[2].extra = [1, 0, 16, 0] + wide + wide
            }, "outside of it")
    }

    @Test func zip64Sizes_AreRead_WhereTheyAreTrue() throws {
        let four = PickleBuilder.little(UInt64(4))
        let found = try open(
            changed {
                $0.entries[2].claimedSize = .max
                $0.entries[2].extra = [0x46, 0x42, 2, 0, 0, 0] + [1, 0, 16, 0] + four + four
            }.bytes)
        #expect(found["archive/data/0"] == [4, 5, 6, 7])
    }

    @Test func whatFollows_IsRefused() {
        let error = #expect(throws: CheckpointError.self) { try open(Self.small.bytes + [0]) }
        #expect(error?.problem.contains("cut") == true)
    }

    @Test func everyByteChanged_IsAnErrorOrAnArchive() {
        let bytes = Self.small.bytes
        for index in bytes.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF, bytes[index] ^ 1] {
                var other = bytes
                other[index] = value
                _ = try? open(other)
            }
        }
    }
}
