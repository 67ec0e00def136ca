import Foundation
import SegmentAnything
import Tensor

/// Image embeddings on disk, in half precision, for tuning that leaves the encoder alone: each is computed once.
///
/// A file is named by what it depends on: the picture's bytes, how it was augmented, and the weights. It ends in the SHA-256 of
/// what comes before, as text; one that is damaged or of another size counts as missing.
final class EmbeddingCache {
    private let directory: URL
    private let model: String
    private let rows: Int
    private let columns: Int

    /// - Parameters:
    ///   - directory: made by ``prepare()`` if it is not there.
    ///   - model: the hash of the weights.
    init(directory: String, model: String, rows: Int, columns: Int) {
        self.directory = URL(fileURLWithPath: directory)
        self.model = model
        self.rows = rows
        self.columns = columns
    }

    /// Makes the folder.
    func prepare() throws(TuningError) {
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        } catch {
            throw TuningError(description: "\(directory.path): the cache of embeddings cannot be made there: \(error.localizedDescription)")
        }
    }

    /// Removes what was kept, and the folder if nothing else is in it.
    func remove() {
        let manager = FileManager.default
        // Foundation's own unfinished files are left by a run that was killed.
        for name in (try? manager.contentsOfDirectory(atPath: directory.path)) ?? [] where name.hasSuffix(".f16") || name.hasPrefix(".dat.nosync") {
            try? manager.removeItem(at: directory.appendingPathComponent(name))
        }
        if (try? manager.contentsOfDirectory(atPath: directory.path))?.isEmpty == true { try? manager.removeItem(at: directory) }
    }

    /// - Parameters:
    ///   - picture: what the embedding is of, as text: the file's hash and the augmentation.
    ///   - embedding: `gridSize² × transformerDim`, written.
    ///   - compute: fills it where it is not known yet.
    func embedding(of picture: String, into embedding: Tensor, compute: (Tensor) -> Void) throws(TuningError) {
        let file = directory.appendingPathComponent(Data("\(model) \(picture)".utf8).withUnsafeBytes(ContentHash.sha256) + ".f16")
        let count = rows * columns
        if let data = try? Data(contentsOf: file), data.count == 2 * count + Self.hashLength,
            Self.hash(of: data.prefix(2 * count)) == data.suffix(Self.hashLength)
        {
            data.withUnsafeBytes { bytes in
                for index in 0..<count {
                    let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
                    embedding.pointer[index] = Float(Float16(bitPattern: bits))
                }
            }
            return
        }
        compute(embedding)
        var data = Data(count: 2 * count)
        data.withUnsafeMutableBytes { bytes in
            for index in 0..<count {
                // What is used now is what will be read later, so that a run does not depend on what is in the cache.
                let half = Float16(max(-65504, min(65504, embedding.pointer[index])))
                embedding.pointer[index] = Float(half)
                bytes.storeBytes(of: half.bitPattern.littleEndian, toByteOffset: 2 * index, as: UInt16.self)
            }
        }
        data += Self.hash(of: data)
        do { try data.write(to: file, options: .atomic) } catch {
            throw TuningError(description: "\(file.path): cannot be written: \(error.localizedDescription)", isInvalidInput: false)
        }
    }

    private static let hashLength = 64

    private static func hash(of data: Data) -> Data { Data(data.withUnsafeBytes(ContentHash.sha256).utf8) }
}
