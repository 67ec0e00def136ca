/// A PyTorch file taken apart: the pickle that describes it, and where each of its storages lies.
struct TorchLayout {
    let document: PickleDocument
    /// Byte ranges of the file, one for each storage of the document, each exactly as long as the storage.
    let storages: [Range<Int>]

    /// The zip form: `NAME/data.pkl`, `NAME/data/KEY` for each storage, `NAME/byteorder` in newer ones.
    init(zip bytes: UnsafeRawBufferPointer, file: String) throws(CheckpointError) {
        func wrong(_ problem: String) -> CheckpointError { CheckpointError(file: file, problem: problem) }
        let archive = try ZipArchive(bytes, file: file)
        let pickles = archive.entries.keys.filter { $0.split(separator: "/").dropFirst().elementsEqual(["data.pkl"]) }
        guard pickles.count == 1, let pickle = pickles.first, let range = archive.entries[pickle] else {
            let what = archive.entries.keys.contains { $0.hasSuffix(".npy") } ? "NumPy arrays (.npz)" : "no data.pkl"
            throw wrong("is a zip archive with \(what), which torch.save did not write; \(PyTorchFile.accepted)")
        }
        let root = pickle.dropLast("data.pkl".count)
        guard !archive.entries.keys.contains(where: { $0.hasPrefix(root + "code/") || $0 == root + "constants.pkl" }) else {
            throw wrong("is a TorchScript program (torch.jit.save); \(PyTorchFile.accepted): torch.save(model.state_dict(), …) writes one")
        }
        if let order = archive.entries[root + "byteorder"] {
            guard archive.data(order).elementsEqual("little".utf8) else {
                throw wrong("its byteorder is \"\(String(decoding: archive.data(order).prefix(16), as: UTF8.self))\"; only little-endian checkpoints are read")
            }
        }
        document = try PickleReader.read(archive.data(range), file: file)
        guard document.end == range.count else { throw wrong("something follows the pickle in \(pickle)") }
        var storages: [Range<Int>] = []
        for storage in document.storages {
            guard let place = archive.entries[root + "data/" + storage.key] else {
                throw wrong("its storage \(storage.key) is not in the archive")
            }
            guard place.count == storage.count * storage.type.size else {
                throw wrong("its storage \(storage.key) has \(place.count) bytes; \(storage.count) numbers of \(storage.type.rawValue) take \(storage.count * storage.type.size)")
            }
            storages.append(place)
        }
        self.storages = storages
    }

    /// A pickle of the number 0x1950a86a20f9469cfc6c, which begins every legacy file.
    private static let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]

    /// The legacy form, one part after the other: the magic number, the protocol's (1001), a dict about the machine, the
    /// object, the list of storage keys (five pickles), then for each key its count as Int64 and its numbers.
    init(legacy bytes: UnsafeRawBufferPointer, file: String) throws(CheckpointError) {
        func wrong(_ problem: String) -> CheckpointError { CheckpointError(file: file, problem: problem) }
        guard bytes.starts(with: Self.magic) else {
            throw wrong("looks like a Python pickle that torch.save did not write; \(PyTorchFile.accepted)")
        }
        let version = try PickleReader.read(bytes, at: Self.magic.count, file: file)
        guard case .integer(1001) = version.root else { throw wrong("its protocol is not 1001, the only one torch.save has written") }
        let machine = try PickleReader.read(bytes, at: version.end, file: file)
        guard case .dictionary(let number) = machine.root else { throw wrong("it does not say on what kind of machine it was written") }
        for (name, value) in machine.named(number) where name == "little_endian" {
            guard case .bool(true) = value else { throw wrong("it was written big-endian; only little-endian checkpoints are read") }
        }
        document = try PickleReader.read(bytes, at: machine.end, file: file)
        let keys = try PickleReader.read(bytes, at: document.end, file: file)
        guard case .list(let list) = keys.root else { throw wrong("the list of its storages is missing") }
        var numbers: [String: Int] = [:]
        for (number, storage) in document.storages.enumerated() { numbers[storage.key] = number }
        var places = [Range<Int>?](repeating: nil, count: document.storages.count)
        var position = keys.end
        for key in keys.lists[list] {
            guard case .text(let key) = key, let number = numbers[key], places[number] == nil else {
                throw wrong("the list of its storages has an entry that its pickle does not mention, or one twice")
            }
            let storage = document.storages[number], size = storage.count * storage.type.size
            guard bytes.integer(at: position, as: Int64.self).map({ Int($0) }) == storage.count,
                bytes.part(at: position + 8, count: size) != nil
            else { throw wrong("storage \(key) is cut at byte \(bytes.count), or not as long as its pickle says (a download that stopped?)") }
            places[number] = position + 8..<position + 8 + size
            position += 8 + size
        }
        guard position == bytes.count else { throw wrong("something follows its last storage") }
        var storages: [Range<Int>] = []
        for (number, place) in places.enumerated() {
            guard let place else { throw wrong("storage \(document.storages[number].key) is not in the file") }
            storages.append(place)
        }
        self.storages = storages
    }
}
