import Foundation
import Imaging
import Testing
@testable import SegmentAnything

/// A real checkpoint, damaged in every way that fits into a test's time: an error or a model, never a trap.
@Suite(.enabled(if: Shared.has("golden/sam_tiny.pth"), Shared.missing("golden/sam_tiny.pth")))
struct DamagedCheckpointTests {
    let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    /// The checkpoint or the adapter in one of the two forms, in a file that may be damaged.
    func copy(_ name: String, legacy: Bool) throws -> String {
        let path = folder.path("damaged.pth"), source = Shared.path("golden/\(name).pth")
        if legacy {
            try LegacyForm.write(PyTorchFile(path: source), to: path)
        } else {
            try Data(contentsOf: URL(fileURLWithPath: source)).write(to: URL(fileURLWithPath: path))
        }
        return path
    }

    /// Opens it and, if that goes well, reads every tensor.
    func readAll(_ path: String) throws(CheckpointError) {
        let file = try PyTorchFile(path: path)
        for (name, tensor) in file.tensors where tensor.type.isFloat {
            let buffer = UnsafeMutablePointer<Float>.allocate(capacity: max(tensor.count, 1))
            defer { buffer.deallocate() }
            try file.floats(name, into: buffer)
        }
    }

    @Test(arguments: [false, true])
    func cutAtEvery97thByte_IsRefused(_ legacy: Bool) throws {
        let path = try copy("sam_tiny", legacy: legacy)
        let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        try readAll(path)
        for length in stride(from: (size - 1) / 97 * 97, to: 0, by: -97) {
            #expect(truncate(path, off_t(length)) == 0)
            let error = #expect(throws: CheckpointError.self, "\(length) of \(size) bytes") { try PyTorchFile(path: path) }
            #expect(error?.file == path)
        }
    }

    @Test(arguments: [("sam_tiny", false, 1500), ("sam_tiny", true, 1500), ("spt_tiny", false, 3000), ("spt_tiny", true, 3000)])
    func randomBytes_NeverTrap(_ name: String, _ legacy: Bool, _ rounds: Int) throws {
        let path = try copy(name, legacy: legacy)
        let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        // Structure is rare among the numbers: three of four changes go to the pickle's part or the directory's.
        let description = min(original.count, 30_000)
        var generator = SeededGenerator(seed: 97), refused = 0
        for _ in 0..<rounds {
            var places: [Int] = []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: places.append(Int.random(in: 0..<original.count, using: &generator))
                case 1: places.append(original.count - 1 - Int.random(in: 0..<description, using: &generator))
                default: places.append(Int.random(in: 0..<description, using: &generator))
                }
            }
            for place in places { try put(UInt8.random(in: 0...255, using: &generator), at: place, in: file) }
            do throws(CheckpointError) { try readAll(path) } catch { refused += 1 }
            for place in places { try put(original[place], at: place, in: file) }
        }
        // Most of what hits the description must be noticed; a test that damages nothing would pass otherwise.
        #expect(refused > rounds / 4, "\(refused) of \(rounds) were refused")
        try readAll(path)
    }

    private func put(_ byte: UInt8, at offset: Int, in file: FileHandle) throws {
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: [byte])
    }
}
