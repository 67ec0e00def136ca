import Foundation

/// Gathers what a layout's reader finds, then looks at every file.
final class SampleCollector {
    enum Part { case train, test }

    /// What a mask that marks nothing means.
    enum EmptyMask {
        /// A wrong file.
        case wrong
        /// A good part: the layout gives every part a mask.
        case good
        /// A good part, and a mask that marks something is the wrong file.
        case onlyGood
    }

    private struct Candidate {
        let sample: DefectSample
        let part: Part
        let emptyMeans: EmptyMask
    }

    private var candidates: [Candidate] = []
    private var skipped: [String] = []
    private var names: [Part: Set<String>] = [.train: [], .test: []]

    func add(_ sample: DefectSample, to part: Part, emptyMeans: EmptyMask = .wrong) {
        guard names[part, default: []].insert(sample.name).inserted else {
            return skip("\(sample.imagePath): another picture is called \(sample.name) already; give each part a name of its own")
        }
        candidates.append(Candidate(sample: sample, part: part, emptyMeans: emptyMeans))
    }

    func skip(_ line: String) { skipped.append(line) }

    func skip(_ path: String, _ problem: String) { skip("\(path): \(problem)") }

    /// Opens every picture's header and all truth, on all cores; what is wrong with any joins the skipped.
    ///
    /// A picture whose pixels are damaged behind a good header is found when it is read.
    func finish(_ name: String, _ layout: DatasetLayout) -> DefectDataset {
        let samples = candidates.map(\.sample)
        let found = check(samples)
        var train: [DefectSample] = [], test: [DefectSample] = []
        for (index, candidate) in candidates.enumerated() {
            var sample = candidate.sample
            switch (found[index], candidate.emptyMeans) {
            case (.success(false?), .good), (.success(false?), .onlyGood): sample = sample.asGood
            case (.success(false?), .wrong):
                skip(SampleReader.marksNothing(sample).description)
                continue
            case (.success(true?), .onlyGood):
                skip(sample.imagePath, "is among the good parts, but its mask marks a defect")
                continue
            case (.success, _): break
            case (.failure(let error), _):
                skip(error.description)
                continue
            }
            switch candidate.part {
            case .train: train.append(sample)
            case .test: test.append(sample)
            }
        }
        return DefectDataset(name: name, layout: layout, train: train, test: test, skipped: skipped)
    }

    /// Whether each sample's truth marks something, or what is wrong with the sample.
    private func check(_ samples: [DefectSample]) -> [Result<Bool?, DatasetError>] {
        inParallel(samples.count, workers: ProcessInfo.processInfo.activeProcessorCount, state: { SampleReader() }) { reader, index in
            Result { () throws(DatasetError) in try reader.check(samples[index]) }
        }.results
    }
}
