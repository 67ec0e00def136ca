import Foundation
import Imaging
import SegmentAnything

/// A few logits that a model with its adapter gave when the adapter was written, for a picture anybody can make again. Whoever
/// loads the adapter can tell whether the same passes come out.
public struct AdapterParity: Codable, Equatable {
    public static let key = "parity"

    /// Every so-many-th logit of both masks.
    var draft: [Float]
    var refined: [Float]

    private static let samples = 32
    /// Logits are some −30 to 30; another processor's order of sums moves them by 1e-4 at most.
    private static let tolerance: Float = 1e-3

    init(_ session: SPTSession) {
        let image = Self.picture()
        session.display(image, rect: PixelRect(image.size))
        let whole = Prompt(box: .init(left: 0, top: 0, right: Float(image.width), bottom: Float(image.height)))
        let answer = session.ask([whole])[0]
        func some(_ values: [Float]) -> [Float] {
            (0..<Self.samples).map { values[(2 * $0 + 1) * values.count / (2 * Self.samples)] }
        }
        draft = some(answer.draft.values)
        refined = some(answer.refined.values)
    }

    /// Shades with an edge, and grain, from a seed.
    private static func picture() -> RGBImage {
        let image = RGBImage(width: 96, height: 72)
        var generator = SeededGenerator(seed: 20)
        for y in 0..<image.height {
            for x in 0..<image.width {
                let level = 60 + x + (x > 40 && y > 30 ? 60 : 0) + Int(generator.next() % 16)
                for channel in 0..<3 { image.bytes[(y * image.width + x) * 3 + channel] = UInt8(min(255, level + 4 * channel)) }
            }
        }
        return image
    }

    var text: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }

    /// Lets a model with an adapter answer as when the adapter was written. An adapter without parity vectors, as the published
    /// ones are, has nothing to compare.
    ///
    /// - Throws: ``CheckpointError`` naming the adapter.
    public static func verify(_ model: SPTModel, threads: Int) throws(CheckpointError) {
        guard let path = model.adapterPath, let text = model.adapterMetadata[key] else { return }
        guard let expected = try? JSONDecoder().decode(AdapterParity.self, from: Data(text.utf8)),
            expected.draft.count == samples, expected.refined.count == samples
        else { throw CheckpointError(file: path, problem: "its parity vectors cannot be read; export or tune it again") }
        let found = AdapterParity(SPTSession(model: model, threads: threads))
        let distance = zip(expected.draft + expected.refined, found.draft + found.refined).map { abs($0 - $1) }.reduce(0) { max($0, $1.isNaN ? .infinity : $1) }
        guard distance <= tolerance else {
            throw CheckpointError(
                file: path,
                problem: "does not answer as when it was tuned: a logit differs by \(distance), \(tolerance) is allowed; is it damaged, or is this another version of flawd?")
        }
    }
}
