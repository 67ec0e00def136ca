import Foundation
import Imaging
import SegmentAnything

extension Tuner {
    struct Samples {
        var defective: [DefectSample]
        var good: [DefectSample]
    }

    /// A seeded share of each kind of picture is kept aside; none where there are no defective ones, since good ones alone choose nothing.
    static func split(_ samples: [DefectSample], _ settings: TuningSettings) -> (training: Samples, kept: Samples) {
        let hasDefects = samples.contains(where: \.isDefective)
        func parts(_ samples: [DefectSample], stream: UInt64) -> (training: [DefectSample], kept: [DefectSample]) {
            var generator = SeededGenerator(seed: settings.seed, stream: stream), order = samples
            order.shuffle(by: &generator)
            // Of two or more, at least one is kept aside, where any are asked for, and at least one is tuned on.
            let asked = Int((Double(samples.count) * settings.validationShare).rounded())
            let count = hasDefects && settings.validationShare > 0 && samples.count > 1 ? min(max(1, asked), samples.count - 1) : 0
            return (Array(order[count...]), Array(order[..<count]))
        }
        let defective = parts(samples.filter(\.isDefective), stream: 10), good = parts(samples.filter { !$0.isDefective }, stream: 11)
        return (Samples(defective: defective.training, good: good.training), Samples(defective: defective.kept, good: good.kept))
    }

    /// Changes with the model, and with any picture, mask or annotation that is replaced.
    static func fingerprint(_ model: SPTModel, _ samples: [DefectSample]) -> String {
        let manager = FileManager.default
        func stamp(_ path: String) -> String {
            let attributes = try? manager.attributesOfItem(atPath: path)
            return "\(attributes?[.size] ?? 0) \((attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)"
        }
        let lines = samples.map { sample in
            var parts = [sample.name, sample.defect ?? "", stamp(sample.imagePath)]
            switch sample.truth {
            case .none: break
            case .files(let masks, _): parts += masks.map(stamp)
            case .shapes(let shapes, let size): parts.append("\(shapes) \(size.map(String.init(describing:)) ?? "")")
            }
            return parts.joined(separator: " ")
        }
        return Data(([model.hash] + lines).joined(separator: "\n").utf8).withUnsafeBytes(ContentHash.sha256)
    }
}
