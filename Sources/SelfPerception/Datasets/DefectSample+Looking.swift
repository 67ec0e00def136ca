import Foundation
import Imaging
import SegmentAnything

extension DefectSample {
    /// Decodes every picture and draws every truth: what is damaged behind a good header is found before hours of work depend on it.
    ///
    /// - Parameter progress: called with pictures done, from any thread, one call at a time.
    /// - Returns: the samples that can be used, and of the others what is wrong, naming the file.
    /// - Throws: ``DatasetError`` of the first that cannot be used, where `isStrict`.
    public static func usable(
        _ samples: [DefectSample], isStrict: Bool, workers: Int, progress: @escaping @Sendable (Int) -> Void
    ) throws(DatasetError) -> (samples: [DefectSample], leftOut: [String]) {
        let (problems, _) = try inParallel(samples.count, workers: workers, progress: progress) { () throws(DatasetError) in
            (reader: SampleReader(), image: RGBImage())
        } _: { (tools, index) throws(DatasetError) -> DatasetError? in
            do throws(DatasetError) { _ = try tools.reader.readTruth(samples[index], into: tools.image) } catch {
                if isStrict { throw error }
                return error
            }
            return nil
        }
        return (zip(samples, problems).filter { $1 == nil }.map(\.0), problems.compactMap { $0?.description })
    }

    /// Each picture once, by its bytes: a part that is counted twice, or lies on both sides of a division, proves nothing.
    ///
    /// - Returns: the first of each, and of the others whose picture they repeat.
    /// - Throws: ``DatasetError`` naming a file that cannot be read, or a picture that is called good and defective.
    public static func withoutRepeats(_ samples: [DefectSample]) throws(DatasetError) -> (samples: [DefectSample], repeated: [String]) {
        var first: [String: DefectSample] = [:], kept: [DefectSample] = [], repeated: [String] = []
        for sample in samples {
            let data: Data
            do { data = try Data(contentsOf: URL(fileURLWithPath: sample.imagePath), options: .mappedIfSafe) } catch {
                throw DatasetError(description: "\(sample.imagePath): cannot be read: \(error.localizedDescription)")
            }
            let hash = data.withUnsafeBytes(ContentHash.sha256)
            guard let other = first[hash] else {
                first[hash] = sample
                kept.append(sample)
                continue
            }
            guard other.isDefective == sample.isDefective else {
                let (good, defective) = sample.isDefective ? (other, sample) : (sample, other)
                throw DatasetError(description: "\(defective.imagePath): is among the defective parts, and the same picture as \(good.imagePath) among the good ones")
            }
            repeated.append("\(sample.imagePath): is the same picture as \(other.imagePath)")
        }
        return (kept, repeated)
    }
}
