import Foundation
import Imaging
import SegmentAnything
import Tensor

/// The evaluation of the SPT paper: prompts made from the truth in the model's own frame, draft and refined masks
/// compared with the truth at its own size. Good parts, which the paper drops, are scored with the whole image as the box.
public final class PublishedEvaluation {
    public enum PromptKind: String, CaseIterable, Sendable, Codable {
        /// The tight box of the truth.
        case box
        /// The same box with each side moved outwards by 12.5% of its length, so that it is 25% longer.
        case looseBox = "loose-box"
        /// The whole image.
        case whole
        /// One foreground point, drawn by a seed.
        case point
    }

    public struct Quality: Sendable, Codable {
        public var draftIoU = 0.0
        public var draftBoundaryIoU = 0.0
        public var refinedIoU = 0.0
        public var refinedBoundaryIoU = 0.0

        public init(draftIoU: Double = 0, draftBoundaryIoU: Double = 0, refinedIoU: Double = 0, refinedBoundaryIoU: Double = 0) {
            self.draftIoU = draftIoU
            self.draftBoundaryIoU = draftBoundaryIoU
            self.refinedIoU = refinedIoU
            self.refinedBoundaryIoU = refinedBoundaryIoU
        }
    }

    public struct Part: Sendable {
        public let name: String
        /// nil for a good part.
        public let quality: [PromptKind: Quality]?
        /// Mean of the 20 highest refined probabilities with the whole image as the box.
        public let score: Double
    }

    private let session: SPTSession
    private let decoder = JPEGDecoder()
    private let image = RGBImage()
    private var generator: SeededGenerator

    public init(session: SPTSession, seed: UInt64 = 1) {
        self.session = session
        generator = SeededGenerator(seed: seed, stream: 0)
    }

    /// - Throws: ``DatasetError`` naming the file that cannot be used.
    public func evaluate(_ item: PublishedDataset.Item) throws(DatasetError) -> Part {
        let truth: (size: PixelSize, pixels: [UInt8])?
        do {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: item.image))
            try bytes.withUnsafeBytes { try decoder.decode($0, into: image) }
            truth = try item.mask.map { try PNGFile.readGray(path: $0) }
        } catch let error as ImagingError {
            throw DatasetError(description: "\(item.image): \(error)")
        } catch {
            throw DatasetError(description: "\(item.image): \(error.localizedDescription)")
        }
        session.display(image, rect: PixelRect(image.size))
        let whole = Prompt(box: .init(left: 0, top: 0, right: Float(image.width), bottom: Float(image.height)))
        let score = session.ask([whole]).first.map { Self.score($0.refined, image.size) } ?? 0
        guard let truth else { return Part(name: item.name, quality: nil, score: score) }
        guard truth.size == image.size else {
            throw DatasetError(description: "\(item.mask ?? item.name): measures \(truth.size.width)×\(truth.size.height), its image \(image.width)×\(image.height)")
        }
        var target = BinaryMask(width: truth.size.width, height: truth.size.height)
        for index in truth.pixels.indices { target.pixels[index] = truth.pixels[index] > 128 ? 1 : 0 }
        let frame = session.model.configuration.layout.content(of: truth.size)
        guard let framed = FramedTruth(truth.pixels, size: truth.size, frame: frame) else {
            throw DatasetError(description: "\(item.mask ?? item.name): marks no pixel; remove it if the part is good")
        }
        var quality: [PromptKind: Quality] = [:]
        for kind in PromptKind.allCases {
            let prompt: Prompt
            switch kind {
            case .box: prompt = Prompt(box: framed.box)
            case .looseBox: prompt = Prompt(box: framed.looseBox(by: 0.125))
            case .whole: prompt = whole.scaled(x: framed.scaleX, y: framed.scaleY)
            case .point: prompt = Prompt(points: [framed.point(using: &generator)])
            }
            // Prompts are in the model's frame; the session wants them in the image's pixels.
            let answer = session.ask([prompt.scaled(x: 1 / framed.scaleX, y: 1 / framed.scaleY)])[0]
            quality[kind] = Self.quality(answer, target)
        }
        return Part(name: item.name, quality: quality, score: score)
    }

    private static func quality(_ answer: Perception, _ truth: BinaryMask) -> Quality {
        var quality = Quality(), mask = BinaryMask()
        answer.draft.mask(at: truth.size, into: &mask)
        quality.draftIoU = mask.iou(with: truth)
        quality.draftBoundaryIoU = MaskMetrics.boundaryIoU(mask, truth)
        answer.refined.mask(at: truth.size, into: &mask)
        quality.refinedIoU = mask.iou(with: truth)
        quality.refinedBoundaryIoU = MaskMetrics.boundaryIoU(mask, truth)
        return quality
    }

    private static func score(_ logits: LogitMap, _ size: PixelSize) -> Double {
        let highest = logits.valuesOverPicture(of: size).sorted(by: >).prefix(20).map { 1 / (1 + exp(-Double($0))) }
        return highest.isEmpty ? 0 : highest.reduce(0, +) / Double(highest.count)
    }
}

/// A truth mask stretched to the model's frame (the picture's part of the input), where the paper takes its prompts from.
private struct FramedTruth {
    let box: Prompt.Box
    let frame: PixelSize
    let scaleX: Float
    let scaleY: Float
    private let foreground: [Int32]

    /// nil when no pixel is above 128 after the stretch and none before.
    init?(_ pixels: [UInt8], size: PixelSize, frame: PixelSize) {
        var foreground: [Int32] = []
        let map = LogitMap(size: size, values: pixels.map { Float($0) - 128 })
        map.forEachRow(at: frame) { y, row in
            for x in 0..<row.count where row[x] > 0 { foreground.append(Int32(y * frame.width + x)) }
        }
        guard !foreground.isEmpty else { return nil }
        let columns = foreground.map { $0 % Int32(frame.width) }
        guard let left = columns.min(), let right = columns.max(), let first = foreground.first, let last = foreground.last
        else { return nil }
        box = Prompt.Box(
            left: Float(left), top: Float(first / Int32(frame.width)), right: Float(right),
            bottom: Float(last / Int32(frame.width)))
        self.foreground = foreground
        self.frame = frame
        scaleX = Float(frame.width) / Float(size.width)
        scaleY = Float(frame.height) / Float(size.height)
    }

    func looseBox(by share: Float) -> Prompt.Box {
        let dx = (box.right - box.left) * share, dy = (box.bottom - box.top) * share
        let edge = (x: Float(frame.width), y: Float(frame.height))
        return Prompt.Box(
            left: max(0, box.left - dx), top: max(0, box.top - dy), right: min(edge.x, box.right + dx),
            bottom: min(edge.y, box.bottom + dy))
    }

    func point(using generator: inout SeededGenerator) -> Prompt.Point {
        let index = foreground[Int.random(in: 0..<foreground.count, using: &generator)]
        return Prompt.Point(x: Float(index % Int32(frame.width)), y: Float(index / Int32(frame.width)))
    }
}
