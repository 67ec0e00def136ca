/// A model measured on data sets.
public struct Evaluation: Sendable {
    public let settings: EvaluationSettings

    public init(_ settings: EvaluationSettings) { self.settings = settings }

    /// Measures every test part of every data set, one result for each product.
    ///
    /// - Parameters:
    ///   - name: what the report calls the model.
    ///   - progress: called with pictures done and pictures in all, from any thread, one call at a time.
    /// - Throws: ``DatasetError`` naming the file, where `settings.isStrict`; a data set of which nothing could be used.
    public func run(
        _ model: SPTModel, name: String, on datasets: [DefectDataset], progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
    ) throws(DatasetError) -> MethodResult {
        var result = MethodResult(name: name, model: model)
        let usesTrain = settings.limits == .train
        let total = datasets.reduce(0) { $0 + $1.test.count + (usesTrain ? $1.train.count : 0) }
        var done = 0
        for (dataset, datasetName) in zip(datasets, Self.names(of: datasets)) {
            let before = done
            let test = try measure(dataset.test, of: dataset, model, prompts: settings.prompts) { progress(before + $0, total) }
            done += dataset.test.count
            var train = Measured()
            if usesTrain {
                let before = done
                train = try measure(dataset.train, of: dataset, model, prompts: []) { progress(before + $0, total) }
                done += dataset.train.count
            }
            result.skipped += dataset.skipped + test.skipped + train.skipped
            result.pictures += test.parts.count + train.parts.count
            // The whole picture is asked about anyway, and is one of the kinds.
            let kinds = settings.prompts.count { $0 != .whole }
            result.prompts += test.parts.count + kinds * test.parts.count(where: \.part.isDefective) + train.parts.count
            result.seconds += test.seconds + train.seconds
            for category in test.categories {
                let parts = test.parts.filter { $0.part.category == category }.map(\.part)
                let heldOut = HeldOutErrors.all(
                    settings.targets, from: settings.limits, parts: parts,
                    train: train.parts.map(\.part).filter { $0.category == category }, seed: settings.seed)
                let setName = category.isEmpty ? datasetName : "\(datasetName)/\(category)"
                result.sets.append(SetResult(
                    name: setName, parts: parts, pixels: test.pixels[category] ?? PixelScores(), heldOut: heldOut, settings: settings))
                if settings.cases > 0 {
                    let gallery = CaseGallery(model: model, settings: settings)
                    result.galleries.append(.init(set: setName, cases: try gallery.cases(test.parts.filter { $0.part.category == category })))
                }
            }
        }
        return result
    }

    /// The folders' names, numbered where they repeat.
    static func names(of datasets: [DefectDataset]) -> [String] {
        var seen: [String: Int] = [:]
        return datasets.map { dataset in
            seen[dataset.name, default: 0] += 1
            let count = seen[dataset.name, default: 1]
            return count == 1 ? dataset.name : "\(dataset.name) (\(count))"
        }
    }

    private struct Measured {
        var parts: [MeasuredPart] = []
        var pixels: [String: PixelScores] = [:]
        var skipped: [String] = []
        var seconds = 0.0

        /// In the order of the data set.
        var categories: [String] {
            var seen: Set<String> = []
            return parts.map(\.part.category).filter { seen.insert($0).inserted }
        }
    }

    private func measure(
        _ samples: [DefectSample], of dataset: DefectDataset, _ model: SPTModel, prompts: [EvaluationPrompt],
        progress: @escaping @Sendable (Int) -> Void
    ) throws(DatasetError) -> Measured {
        guard !samples.isEmpty else {
            throw DatasetError(description: "\(dataset.name): has no \(prompts.isEmpty ? "train" : "test") parts")
        }
        let settings = settings, start = ContinuousClock.now
        let (results, evaluators) = try inParallel(samples.count, workers: settings.workers, progress: progress) {
            () throws(DatasetError) in
            PartEvaluator(session: SPTSession(model: model, threads: 1), prompts: prompts, seed: settings.seed)
        } _: { (evaluator, index) throws(DatasetError) -> Outcome in
            do throws(DatasetError) { return .measured(try evaluator.evaluate(samples[index], index: index)) } catch {
                if settings.isStrict { throw error }
                return .skipped(error.description)
            }
        }
        var measured = Measured()
        for (index, result) in results.enumerated() {
            switch result {
            case .measured(let part): measured.parts.append(MeasuredPart(sample: samples[index], index: index, part: part))
            case .skipped(let reason): measured.skipped.append(reason)
            }
        }
        if measured.parts.isEmpty, let first = measured.skipped.first {
            throw DatasetError(description: "\(dataset.name): no part could be used; the first: \(first)")
        }
        for evaluator in evaluators { measured.pixels.merge(evaluator.pixels) { one, other in one + other } }
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        measured.seconds = Double(seconds) + Double(attoseconds) * 1e-18
        return measured
    }

    private enum Outcome: Sendable {
        case measured(EvaluatedPart)
        case skipped(String)
    }
}

/// A part with where it came from.
struct MeasuredPart: Sendable {
    let sample: DefectSample
    /// In its data set; decides its random points.
    let index: Int
    let part: EvaluatedPart
}
