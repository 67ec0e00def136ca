import Imaging
import SegmentAnything
import SelfPerception

extension InspectionPlan {
    /// What each region becomes at this frame size, as `flawd check` prints it: encoded rectangle, prompts and limits.
    ///
    /// - Parameter model: the one that will answer, where it is known: how much `encode: region` saves depends on it.
    public func explanation(for model: SPTModel? = nil) -> [String] {
        var lines = [header]
        if groups.contains(where: { $0.needed != nil }) { lines.append(encodeText(model)) }
        if let aspect = aspectWarning { lines.append("warning: \(aspect)") }
        for region in regions {
            let rect = region.displayed
            let shared = regions.count { $0.displayed == rect }
            lines.append("region \(region.name.quotedForMessage) (\(shapeText(region)))")
            lines.append(
                "  view \(region.view.rawValue): encodes \(rect.width)×\(rect.height) at \(rect.x),\(rect.y)"
                    + (shared > 1 ? ", shared by \(shared) regions" : ""))
            lines += region.prompts.enumerated().map { index, prompt in
                "  prompt \(index + 1) of \(region.prompts.count): \(text(prompt))"
            }
            if region.kind == .auto {
                lines.append("  then a tight box around each component of the draft, at most \(AutoPrompts.maxBoxes)")
            }
            lines.append("  " + text(region.limits))
        }
        return lines
    }

    private func encodeText(_ model: SPTModel?) -> String {
        guard let model, let encoding = encoding(by: model) else {
            return "encode region: of the frame only the model's windows that a region touches; a configuration says how many"
        }
        guard model.encodesRegions else { return "encode region: not by this model, which encodes the whole frame" }
        let share = Int((100 * encoding.share).rounded())
        return "encode region: \(encoding.windows) of \(encoding.allWindows) windows, \(share)% of the frame's tokens"
    }

    private var header: String {
        let encodings = groups.count == 1 ? "1 encoding" : "\(groups.count) encodings"
        let counted = regions.count == 1 ? "1 region" : "\(regions.count) regions"
        let reference = camera.referenceSize.map { ", drawn on \($0.width)×\($0.height)" } ?? ""
        return "camera \(camera.pattern.text.quotedForMessage), frame \(frame.width)×\(frame.height)\(reference): "
            + "\(counted), \(encodings) a frame"
    }

    /// Set where the shapes do not lie where they were drawn: the frame's aspect is not the reference size's.
    public var aspectWarning: String? {
        guard let size = camera.referenceSize else { return nil }
        let x = Double(frame.width) / Double(size.width), y = Double(frame.height) / Double(size.height)
        guard abs(x / y - 1) > 0.01 else { return nil }
        return "the frame's aspect differs from the reference size's; shapes are stretched "
            + "\(x.forMessage)× across and \(y.forMessage)× down"
    }

    private func shapeText(_ region: PlannedRegion) -> String {
        let kind = switch region.shape {
        case .box: "box"
        case .polygon(let polygon): "polygon of \(polygon.vertices.count) points"
        case .ellipse: "ellipse"
        case .frame: "whole frame"
        }
        return "\(kind), \(region.spans.area) px"
    }

    private func text(_ prompt: Prompt) -> String {
        func number(_ value: Float) -> String { Double(value).forMessage }
        var parts: [String] = []
        if let box = prompt.box {
            parts.append("box \(number(box.left)),\(number(box.top)) – \(number(box.right)),\(number(box.bottom))")
        }
        parts += prompt.points.map { "\($0.label) point \(number($0.x)),\(number($0.y))" }
        return parts.joined(separator: " + ")
    }

    private func text(_ limits: ResolvedLimits) -> String {
        func scaled(_ area: Limits.Area?, _ pixels: Double?) -> String {
            guard let area, let pixels else { return "none" }
            if case .px(pixels) = area { return area.text }
            return "\(area.text) = \(pixels.forMessage) px here"
        }
        return "limits: fail_score \(limits.failScore.short), review_score \(limits.reviewScore.short), "
            + "max_defects \(limits.maxDefects), min_area \(scaled(limits.source.minArea, limits.minAreaPx)), "
            + "max_area \(scaled(limits.source.maxArea, limits.maxAreaPx)), "
            + "min_agreement \(limits.minAgreement.map(\.short) ?? "none")"
    }
}
