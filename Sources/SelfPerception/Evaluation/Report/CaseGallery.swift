import Foundation
import Imaging
import SegmentAnything

/// Draws the parts that a reader of a report wants to see: picture, draft, refined mask and truth side by side.
struct CaseGallery {
    /// Why a part is shown.
    enum Kind: CaseIterable {
        case worst, best, missed, falseAlarm

        var title: String {
            switch self {
            case .worst: "Worst refined masks"
            case .best: "Best refined masks"
            case .missed: "Defective parts with the lowest scores"
            case .falseAlarm: "Good parts with the highest scores"
            }
        }
    }

    typealias Panel = ReportPicture

    struct Case: Sendable {
        var kind: Kind
        var text: String
        var panels: [Panel]
    }

    /// Of one data set, or of one product in it.
    struct Cases: Sendable {
        var set: String
        var cases: [Case]
    }

    /// Pictures are reduced to this many pixels on their longest side.
    static let longestSide = 320

    private let session: SPTSession
    private let settings: EvaluationSettings
    private let reader = SampleReader()
    private let encoder = JPEGEncoder(quality: 80)

    init(model: SPTModel, settings: EvaluationSettings) {
        session = SPTSession(model: model, threads: settings.workers)
        self.settings = settings
    }

    /// Masks are ranked by the first of the evaluation's prompts, and asked for again with it.
    func cases(_ parts: [MeasuredPart]) throws(DatasetError) -> [Case] {
        guard let prompt = settings.prompts.first else { return [] }
        func iou(_ part: MeasuredPart) -> Double { part.part.quality?[prompt]?.refinedIoU ?? 0 }
        let defective = parts.filter(\.part.isDefective), good = parts.filter { !$0.part.isDefective }
        let byIoU = defective.sorted { iou($0) < iou($1) }
        // Few defective parts are shown as one kind or the other, not twice.
        let worst = byIoU.prefix(settings.cases), best = byIoU.dropFirst(worst.count).suffix(settings.cases).reversed()
        let missed = defective.sorted { $0.part.score < $1.part.score }.prefix(settings.cases)
        let alarms = good.sorted { $0.part.score > $1.part.score }.prefix(settings.cases)
        var cases: [Case] = []
        for part in worst { cases.append(try draw(part, .worst, prompt)) }
        for part in best { cases.append(try draw(part, .best, prompt)) }
        for part in missed { cases.append(try draw(part, .missed, .whole)) }
        for part in alarms { cases.append(try draw(part, .falseAlarm, .whole)) }
        return cases
    }

    private func draw(_ part: MeasuredPart, _ kind: Kind, _ promptKind: EvaluationPrompt) throws(DatasetError) -> Case {
        let image = RGBImage()
        let truth = try reader.readTruth(part.sample, into: image)
        var prompt = Prompt.whole(image.size)
        if promptKind != .whole, let truth {
            prompt = try PartEvaluator.prompts(
                [promptKind], part.sample, truth, index: part.index, seed: settings.seed, model: session.model)[0]
        }
        session.display(image, rect: PixelRect(image.size))
        let answer = session.ask([prompt])[0]
        var draft = BinaryMask(), refined = BinaryMask()
        answer.draft.mask(at: image.size, into: &draft)
        answer.refined.mask(at: image.size, into: &refined)
        var panels = [try panel("picture\(promptKind == .whole ? "" : ", \(promptKind.rawValue)")", image, nil, prompt)]
        panels.append(try panel("draft", image, draft, nil))
        panels.append(try panel("refined", image, refined, nil))
        if let truth { panels.append(try panel("truth", image, truth.mask, nil)) }
        var text = "\(part.part.name)\(part.part.defect.map { ", \($0)" } ?? ", good"): score \(fixed(part.part.score, 3))"
        if let quality = part.part.quality?[promptKind] {
            text += ", \(promptKind.rawValue): draft IoU \(fixed(quality.draftIoU, 3)), refined \(fixed(quality.refinedIoU, 3))"
        }
        return Case(kind: kind, text: text, panels: panels)
    }

    private func panel(_ caption: String, _ image: RGBImage, _ mask: BinaryMask?, _ prompt: Prompt?) throws(DatasetError) -> Panel {
        let copy = RGBImage(width: image.width, height: image.height)
        _ = copy.bytes.update(from: image.bytes)
        let canvas = Canvas(copy), thickness = max(1, max(image.width, image.height) / Self.longestSide)
        if let mask {
            canvas.tint(mask, Self.color, opacity: 0.35)
            canvas.outline(mask, Self.color, thickness: min(2, thickness))
        }
        if let box = prompt?.box, prompt != .whole(image.size) {
            let (left, top) = (Int(box.left), Int(box.top))
            canvas.outline(
                PixelRect(x: left, y: top, width: Int(box.right) - left + 1, height: Int(box.bottom) - top + 1), Self.promptColor,
                thickness: thickness)
        }
        for point in prompt?.points ?? [] {
            let reach = 2 * thickness
            canvas.fill(PixelRect(x: Int(point.x) - reach, y: Int(point.y) - reach, width: 2 * reach + 1, height: 2 * reach + 1), Self.promptColor)
        }
        do {
            return Panel(caption: caption, jpeg: try encoder.encode(copy.reduced(to: Self.longestSide)))
        } catch {
            throw DatasetError(description: "a picture of the report: \(error)")
        }
    }

    private static let color = RGBColor(255, 60, 40)
    private static let promptColor = RGBColor(40, 160, 255)
}
