import Foundation
@testable import SegmentAnything

/// A file that is removed when the value goes.
final class ScratchFile {
    let path: String

    init(_ bytes: [UInt8] = [], name: String = "flawd-\(UUID().uuidString).pth") throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        if !bytes.isEmpty { try write(bytes) }
    }

    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

    func open() throws -> PyTorchFile { try withExtendedLifetime(self) { try PyTorchFile(path: path) } }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Writes stored zip archives as torch does: sizes after the data, zip64 end records.
struct ZipBuilder {
    struct Entry {
        var name: String
        var data: [UInt8]
        var method: UInt16 = 0
        var flags: UInt16 = 0x808
        /// What the directory says instead of the truth.
        var claimedSize: UInt32?
        var claimedOffset: UInt32?
        var extra: [UInt8] = []
    }

    var entries: [Entry] = []
    /// Changes to the end records, by name of the field.
    var claimedCount: UInt64?
    var claimedDirectorySize: UInt64?
    var claimedDirectoryOffset: UInt64?
    var zip64 = true

    /// An archive of a pickle and its storages.
    init(pickle: [UInt8], storages: [(String, [UInt8])] = [], more: [(String, [UInt8])] = []) {
        entries = [Entry(name: "archive/data.pkl", data: pickle), Entry(name: "archive/byteorder", data: Array("little".utf8))]
        entries += storages.map { Entry(name: "archive/data/\($0.0)", data: $0.1) } + more.map { Entry(name: $0.0, data: $0.1) }
    }

    var bytes: [UInt8] {
        func little(_ value: some FixedWidthInteger) -> [UInt8] { PickleBuilder.little(value) }
        var file: [UInt8] = [], directory: [UInt8] = []
        for entry in entries {
            let offset = UInt32(file.count), size = UInt32(entry.data.count), name = Array(entry.name.utf8)
            file += little(UInt32(0x0403_4B50)) + little(UInt16(0)) + little(entry.flags) + little(entry.method) + little(UInt32(0))
            file += little(UInt32(0)) + little(UInt32(0)) + little(UInt32(0)) + little(UInt16(name.count)) + little(UInt16(0)) + name
            file += entry.data + little(UInt32(0x0807_4B50)) + little(UInt32(7)) + little(size) + little(size)
            directory += little(UInt32(0x0201_4B50)) + little(UInt32(0)) + little(entry.flags) + little(entry.method) + little(UInt32(0))
            let claimed = entry.claimedSize ?? size
            directory += little(UInt32(7)) + little(claimed) + little(claimed) + little(UInt16(name.count))
            directory += little(UInt16(entry.extra.count)) + little(UInt16(0)) + little(UInt16(0)) + little(UInt16(0)) + little(UInt32(0))
            directory += little(entry.claimedOffset ?? offset) + name + entry.extra
        }
        let offset = claimedDirectoryOffset ?? UInt64(file.count), size = claimedDirectorySize ?? UInt64(directory.count)
        let count = claimedCount ?? UInt64(entries.count), record = UInt64(file.count + directory.count)
        file += directory
        if zip64 {
            file += little(UInt32(0x0606_4B50)) + little(UInt64(44)) + little(UInt16(45)) + little(UInt16(45)) + little(UInt64(0))
            file += little(count) + little(count) + little(size) + little(offset)
            file += little(UInt32(0x0706_4B50)) + little(UInt32(0)) + little(record) + little(UInt32(1))
        }
        let short = UInt16(truncatingIfNeeded: count)
        file += little(UInt32(0x0605_4B50)) + little(UInt32(0)) + little(short) + little(short)
        return file + little(UInt32(truncatingIfNeeded: size)) + little(UInt32(truncatingIfNeeded: offset)) + little(UInt16(0))
    }
}

/// The legacy form: five pickles, then counts and numbers.
enum LegacyBuilder {
    static let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]

    static func bytes(
        _ object: [UInt8], storages: [(key: String, count: Int, data: [UInt8])], keys: [String]? = nil, littleEndian: Bool = true
    ) -> [UInt8] {
        let machine = PickleBuilder.dictionary([("protocol_version", [0x4D, 0xE9, 3]), ("little_endian", [littleEndian ? 0x88 : 0x89])])
        var bytes = magic + PickleBuilder.pickle([0x4D, 0xE9, 3]) + PickleBuilder.pickle(machine) + PickleBuilder.pickle(object)
        bytes += PickleBuilder.pickle([0x5D, 0x28] + (keys ?? storages.map(\.key)).flatMap(PickleBuilder.text) + [0x65])
        for storage in storages { bytes += PickleBuilder.little(Int64(storage.count)) + storage.data }
        return bytes
    }
}
