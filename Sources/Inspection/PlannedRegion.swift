import Imaging
import SegmentAnything

/// One region at one frame size.
struct PlannedRegion: Sendable {
    let name: String
    /// The whole frame's size.
    let frame: PixelSize
    let kind: RegionDefinition.PromptKind
    let view: RegionDefinition.View
    /// In pixels of the frame.
    let shape: Shape
    let spans: ShapeSpans
    /// What the model is shown: the shape's bounds (crop) or the whole frame.
    let displayed: PixelRect
    /// In pixels of `displayed`.
    let prompts: [Prompt]
    let limits: ResolvedLimits

    /// - Parameters:
    ///   - scale: frame pixels per reference pixel, along x and y.
    init(_ definition: RegionDefinition, pixelsPerMm: Double?, frame: PixelSize, scale: (x: Double, y: Double)) {
        name = definition.name
        self.frame = frame
        kind = definition.prompt
        view = definition.view
        let width = Double(frame.width), height = Double(frame.height)
        shape = definition.shape.scaled(x: scale.x, y: scale.y)
        let bounds = (shape.bounds ?? Bounds(x0: 0, y0: 0, x1: width, y1: height)).clipped(width: width, height: height)
        let rect = Self.pixels(around: bounds, in: frame)
        spans = ShapeSpans(shape, bounds: rect)
        displayed = definition.view == .crop ? rect : PixelRect(frame)
        prompts = Self.prompts(for: definition, shape: shape, bounds: bounds, displayed: displayed, scale: scale)
        limits = ResolvedLimits(definition.limits, pixelsPerMm: pixelsPerMm, areaScale: scale.x * scale.y)
    }

    /// One question about the whole frame: the prompt says where to look, and what the model finds counts wherever it lies.
    ///
    /// - Parameter prompt: in pixels of the frame; its box is what is drawn as the region's outline.
    init(asking prompt: Prompt, frame: PixelSize) {
        name = "prompt"
        self.frame = frame
        kind = prompt.box == nil ? .points : .box
        view = .frame
        shape = prompt.box.map {
            .box(x0: Double($0.left), y0: Double($0.top), x1: Double($0.right), y1: Double($0.bottom))
        } ?? .frame
        displayed = PixelRect(frame)
        spans = ShapeSpans(.frame, bounds: displayed)
        prompts = [prompt]
        limits = ResolvedLimits(Limits(), pixelsPerMm: nil, areaScale: 1)
    }

    /// The whole pixels that a rectangle touches; at least one, inside the frame.
    private static func pixels(around bounds: Bounds, in frame: PixelSize) -> PixelRect {
        // What scaling costs in the last bits must not add a row of pixels.
        let slack = 1e-6
        let left = min(max(0, Int((bounds.x0 + slack).rounded(.down))), frame.width - 1)
        let top = min(max(0, Int((bounds.y0 + slack).rounded(.down))), frame.height - 1)
        let right = min(max(left + 1, Int((bounds.x1 - slack).rounded(.up))), frame.width)
        let bottom = min(max(top + 1, Int((bounds.y1 - slack).rounded(.up))), frame.height)
        return PixelRect(x: left, y: top, width: right - left, height: bottom - top)
    }

    private static func prompts(
        for definition: RegionDefinition, shape: Shape, bounds: Bounds, displayed: PixelRect, scale: (x: Double, y: Double)
    ) -> [Prompt] {
        let box = Prompt.Box(
            left: Float(bounds.x0 - Double(displayed.x)), top: Float(bounds.y0 - Double(displayed.y)),
            right: Float(bounds.x1 - Double(displayed.x)), bottom: Float(bounds.y1 - Double(displayed.y)))
        let points = definition.points.map { point in
            Prompt.Point(
                x: Float(Double(point.x) * scale.x - Double(displayed.x)),
                y: Float(Double(point.y) * scale.y - Double(displayed.y)), label: point.label)
        }
        switch definition.prompt {
        case .box: return [Prompt(points: points, box: box)]
        case .auto: return [Prompt(box: box)]
        case .points: return [Prompt(points: points)]
        case .grid:
            let inside = definition.grid.points(over: bounds)
                .filter { shape.contains(x: $0.x, y: $0.y) }
                .map { Prompt(points: [.init(x: Float($0.x - Double(displayed.x)), y: Float($0.y - Double(displayed.y)))]) }
            // Rounding at another frame size may lose the only point of a sliver; its box still asks about it.
            return inside.isEmpty ? [Prompt(box: box)] : inside
        }
    }
}
