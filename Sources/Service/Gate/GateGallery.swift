import Imaging
import Inspection
import SelfPerception
import Streaming

/// Keeps pictures of the changes that matter most, as many as were asked for, drawn when they are found.
///
/// Of one kind the first ones are kept, and a kind that matters more takes the places of one that matters less: so few are drawn that are
/// not kept, and which ones does not depend on the number of workers.
final class GateGallery {
    struct Case: Sendable {
        var change: GateChange
        /// The recorded verdict, and the one of now.
        var pictures: [ReportPicture]

        var text: String {
            var text = "\(change.camera) frame \(change.sequence)\(change.partID.map { ", part \($0)" } ?? ""), \(change.time): \(change.recorded.rawValue) → \(change.now.rawValue)"
            if let drift = change.drift { text += "; drift \(shown(drift))" }
            if let iou = change.maskIoU { text += ", IoU \(fixed(iou, 3))" }
            return text.withoutControls
        }
    }

    private(set) var cases: [Case] = []
    private let most: Int
    private let regions: RegionFile
    private let decoder: FrameDecoder
    private let encoder = JPEGEncoder(quality: 85)
    private let painter = OverlayPainter()
    private let image = RGBImage()

    /// Pictures are reduced to this many pixels on their longest side.
    private static let longestSide = 640

    init(most: Int, regions: RegionFile, limits: ImageLimits) {
        self.most = most
        self.regions = regions
        decoder = FrameDecoder(limits: limits)
    }

    func offer(_ change: GateChange, _ frame: GateFrame, recorded: VerdictEvent, fresh: VerdictEvent) {
        let place = cases.firstIndex { change.kind < $0.change.kind } ?? cases.count
        guard place < most else { return }
        cases.insert(Case(change: change, pictures: [recorded, fresh].enumerated().compactMap { index, event in
            picture(event, frame, index == 0 ? "recorded" : "now")
        }), at: place)
        if cases.count > most { cases.removeLast() }
    }

    /// nil: the frame cannot be decoded, which its verdict says.
    private func picture(_ event: VerdictEvent, _ frame: GateFrame, _ when: String) -> ReportPicture? {
        guard (try? decoder.decode(frame.frame, into: image)) != nil else { return nil }
        var mask = BinaryMask(width: image.width, height: image.height)
        for code in event.regions.flatMap({ $0.defects.map(\.segmentation) }) where code.size == image.size {
            if let defect = try? code.mask() { mask.formUnion(with: defect) }
        }
        let plan = regions.plan(camera: event.camera, frame: image.size)
        // Where regions were then is known only if they are the same now.
        let isKnown = event.roiRevision == regions.revision
        painter.paint(
            image, plan: isKnown ? plan : nil,
            result: FrameResult(verdict: event.verdict, reason: event.reason, regions: event.regions), mask: mask)
        guard let jpeg = try? encoder.encode(image.reduced(to: Self.longestSide)) else { return nil }
        return ReportPicture(caption: "\(when): \(event.verdict.rawValue), \(event.reasonInWords)".withoutControls, jpeg: jpeg, isWide: true)
    }
}
