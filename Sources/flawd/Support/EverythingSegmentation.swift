import Foundation
import Imaging
import SelfPerception
import Service

/// `segment --everything`: SAM's automatic mask generator over one picture.
struct EverythingSegmentation {
    let settings: AutomaticMaskSettings
    let writesMasks: Bool
    let json: Bool

    func run(_ picture: RGBImage, _ files: SegmentFiles, _ session: SPTSession) throws {
        let masks: [AutomaticMask], generator: AutomaticMaskGenerator
        do { generator = try AutomaticMaskGenerator(session: session, settings: settings) } catch { throw InvalidInput("\(error)") }
        do {
            masks = try generator.generate(picture) { done, total in
                let text = "segment: \(done) of \(total) points"
                if Terminal.errorIsTerminal {
                    Terminal.progress(text)
                } else if done % 256 == 0 {
                    Terminal.printError(text)
                }
            }
            Terminal.progress("")
        } catch {
            Terminal.progress("")
            throw Failure("\(files.image): \(error)")
        }
        var written: [String?] = []
        for (index, mask) in masks.enumerated() {
            written.append(writesMasks ? try files.write(try mask.segmentation.mask(), number: index + 1) : nil)
        }
        let overlay = try files.write(overlay: try painted(picture, masks))
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // One mask a line: a person can look at it, and a script need not care.
            let lines = try masks.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
            return Terminal.print(lines.isEmpty ? "[]" : "[\n\(lines.joined(separator: ",\n"))\n]")
        }
        Terminal.print("\(files.image): \(masks.count) \(masks.count == 1 ? "mask" : "masks")")
        for (index, mask) in masks.enumerated() {
            let file = written[index].map { ": \($0)" } ?? ""
            Terminal.print("  \(index + 1): box \(mask.bbox), area \(mask.area) px, predicted IoU \(fixed(Double(mask.predictedIoU), 3)), stability \(fixed(Double(mask.stabilityScore), 3))\(file)")
        }
        Terminal.print("  overlay \(overlay)")
    }

    /// One colour a mask, the small ones above the large ones.
    private func painted(_ picture: RGBImage, _ masks: [AutomaticMask]) throws -> RGBImage {
        let canvas = Canvas(picture)
        for (index, mask) in masks.enumerated().sorted(by: { ($1.element.area, $0.offset) < ($0.element.area, $1.offset) }) {
            let pixels = try mask.segmentation.mask()
            canvas.tint(pixels, .distinct(index), opacity: 0.45)
            canvas.outline(pixels, .distinct(index))
        }
        return picture
    }
}
