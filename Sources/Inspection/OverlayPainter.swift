import Imaging

/// Paints what inspection found over a copy of the frame: the mask as a tint, the regions' outlines and the defects'
/// boxes in their verdict's colour, and a banner with the verdict in words.
public struct OverlayPainter: Sendable {
    public init() {}

    /// - Parameters:
    ///   - image: is painted on; of the plan's frame size.
    ///   - plan: nil where the camera has no regions.
    ///   - mask: `Inspector.frameMask` of the same frame; nil or empty where there is none.
    public func paint(_ image: RGBImage, plan: InspectionPlan?, result: FrameResult, mask: BinaryMask?) {
        let canvas = Canvas(image)
        if let mask, mask.size == image.size { canvas.tint(mask, VerdictPalette.mask, opacity: 0.5) }
        let thickness = max(1, min(image.width, image.height) / 240)
        if let plan, plan.frame == image.size { outline(plan, result, on: canvas, thickness: thickness) }
        for region in result.regions {
            let color = VerdictPalette.color(of: region.verdict)
            for defect in region.defects where defect.box.count == 4 {
                // A pixel away from the defect, so that the frame does not hide a small one.
                let grown = PixelRect(
                    x: defect.box[0] - thickness - 1, y: defect.box[1] - thickness - 1,
                    width: defect.box[2] + 2 * thickness + 2, height: defect.box[3] + 2 * thickness + 2)
                canvas.outline(grown, color, thickness: thickness)
            }
        }
        canvas.banner(banner(for: result), VerdictPalette.color(of: result.verdict))
    }

    private func outline(_ plan: InspectionPlan, _ result: FrameResult, on canvas: Canvas, thickness: Int) {
        for outline in plan.outlines {
            let verdict = result.regions.first { $0.name == outline.name }?.verdict ?? result.verdict
            let points = outline.points.map { point in
                // The last column and row are the outline's too: an edge at the frame's border stays visible.
                PixelPoint(x: min(Int(point.x), plan.frame.width - 1), y: min(Int(point.y), plan.frame.height - 1))
            }
            canvas.polygon(points, VerdictPalette.color(of: verdict), thickness: thickness)
        }
    }

    private func banner(for result: FrameResult) -> String {
        let verdict = result.verdict.rawValue.uppercased()
        if let reason = result.reason { return "\(verdict) \(reason.rawValue)" }
        let worst = result.regions.filter { $0.verdict == result.verdict }.max { $0.score < $1.score }
        guard let worst else { return verdict }
        let defects = result.regions.reduce(0) { $0 + $1.defects.count }
        return "\(verdict) \(worst.name) \(worst.score.forMessage)"
            + (defects > 0 ? ", \(defects) \(defects == 1 ? "defect" : "defects")" : "")
    }
}
