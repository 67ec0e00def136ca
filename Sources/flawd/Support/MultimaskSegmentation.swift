import Foundation
import Imaging
import SegmentAnything
import SelfPerception
import Service

/// `segment --multimask`: SAM's candidates for one prompt, the highest predicted IoU first.
struct MultimaskSegmentation {
    /// In pixels of the picture.
    let prompt: Prompt
    let json: Bool

    private struct Candidate: Encodable {
        /// The decoder's mask token, from 1 as published.
        var token: Int
        var predictedIoU: Float
        /// Pixels.
        var area: Int
        var file: String

        enum CodingKeys: String, CodingKey {
            case token, area, file
            case predictedIoU = "predicted_iou"
        }
    }

    private struct Output: Encodable {
        var image: String
        var masks: [Candidate]
        var overlay: String
    }

    func run(_ picture: RGBImage, _ files: SegmentFiles, _ session: SPTSession) throws {
        guard session.model.configuration.numMultimaskOutputs > 0 else {
            throw InvalidInput("\(session.model.path): the model has no multimask outputs (num_multimask_outputs is 0)")
        }
        session.display(picture, rect: PixelRect(picture.size))
        var offered: [MaskCandidate] = []
        session.offer([prompt]) { _, candidates in offered = candidates }
        guard offered.allSatisfy({ $0.predictedIoU.isFinite && $0.logits.isFinite }) else {
            throw Failure("\(files.image): the model's answer is not a finite number")
        }
        offered.sort { ($1.predictedIoU, $0.token) < ($0.predictedIoU, $1.token) }
        var masks: [Candidate] = [], mask = BinaryMask()
        for (index, candidate) in offered.enumerated() {
            candidate.logits.mask(at: picture.size, into: &mask)
            if index == 0 { Canvas(picture).tint(mask, .distinct(0), opacity: 0.5) }
            masks.append(Candidate(
                token: candidate.token, predictedIoU: candidate.predictedIoU, area: mask.area,
                file: try files.write(mask, number: index + 1)))
        }
        let output = Output(image: files.image, masks: masks, overlay: try files.write(overlay: picture))
        if json {
            return try Terminal.printJSON(output)
        }
        Terminal.print("\(files.image): \(masks.count) masks, the highest predicted IoU first")
        for mask in masks {
            Terminal.print("  predicted IoU \(fixed(Double(mask.predictedIoU), 3)), area \(mask.area) px, token \(mask.token): \(mask.file)")
        }
        Terminal.print("  overlay of the first: \(output.overlay)")
    }
}
