import Foundation
import Tensor
import Testing
@testable import SelfPerception

struct EmbeddingCacheTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString)").path

    private func embedding(_ cache: EmbeddingCache, of picture: String, computing value: Float) throws -> (values: [Float], wasKnown: Bool) {
        let tensor = Tensor(rows: 3, columns: 4)
        var wasKnown = true
        try cache.embedding(of: picture, into: tensor) {
            wasKnown = false
            for index in 0..<12 { $0.pointer[index] = value + Float(index) / 3 }
        }
        return (tensor.values, wasKnown)
    }

    @Test func embedding_IsKnownByPictureAndWeights_InHalfPrecision() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cache = EmbeddingCache(directory: folder, model: "a", rows: 3, columns: 4)
        try cache.prepare()
        let first = try embedding(cache, of: "x", computing: 1)
        #expect(!first.wasKnown && first.values == (0..<12).map { Float(Float16(1 + Float($0) / 3)) })
        let again = try embedding(cache, of: "x", computing: 5)
        #expect(again.wasKnown && again.values == first.values)
        #expect(try !embedding(cache, of: "y", computing: 2).wasKnown)
        let tuned = EmbeddingCache(directory: folder, model: "b", rows: 3, columns: 4)
        try tuned.prepare()
        #expect(try !embedding(tuned, of: "x", computing: 3).wasKnown)
        // Half of a number's four bytes, and what proves that they are whole.
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.count == 3)
        for file in files { #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)")).count == 12 * 2 + 64) }
    }

    @Test func whatIsDamagedOrOfAnotherSize_IsComputedAgain() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cache = EmbeddingCache(directory: folder, model: "a", rows: 3, columns: 4)
        try cache.prepare()
        let first = try embedding(cache, of: "x", computing: 1)
        let file = URL(fileURLWithPath: "\(folder)/\(try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first))")
        let whole = try Data(contentsOf: file)
        for damaged in [Data(), whole.dropLast(), whole + [0], Data(whole.enumerated().map { $0.offset == 3 ? $0.element ^ 1 : $0.element })] {
            try damaged.write(to: file)
            let found = try embedding(cache, of: "x", computing: 1)
            #expect(!found.wasKnown && found.values == first.values)
        }
        #expect(try embedding(cache, of: "x", computing: 1).wasKnown)
    }

    @Test func removal_TakesOwnFilesOnly_FinishedOrNot() throws {
        let cache = EmbeddingCache(directory: folder, model: "a", rows: 3, columns: 4)
        try cache.prepare()
        _ = try embedding(cache, of: "x", computing: 1)
        try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/.dat.nosync04d2.abc"))
        try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/notes.txt"))
        cache.remove()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["notes.txt"])
        try FileManager.default.removeItem(atPath: "\(folder)/notes.txt")
        cache.remove()
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
