import Imaging
import SegmentAnything
import Tensor

/// Makes a tuning step's input and truth of a picture and its mask, varied as drawn for the step.
///
/// Not thread-safe: each worker owns its augmenter.
public final class Augmenter {
    public let settings: AugmentationSettings
    private let seed: UInt64
    private let layout: InputLayout
    private let processor: ImageProcessor
    private let warp = PictureWarp()

    public init(_ configuration: ModelConfiguration, settings: AugmentationSettings = .init(), seed: UInt64) {
        self.settings = settings
        self.seed = seed
        layout = configuration.layout
        processor = ImageProcessor(configuration)
    }

    /// - Parameters:
    ///   - truth: of the picture's size; nil for a good part.
    ///   - step: what is drawn depends on the seed and this number alone.
    ///   - input: `side² × 3`, written: normalised as ``ImageProcessor`` does it, 0 where the picture is not. Where nothing was
    ///     drawn that changes the picture, this is the processor's own result to the bit.
    ///   - framed: given the input's size and written; empty for a good part, or where the defect fell out of the crop or
    ///     became smaller than a pixel, which then is a picture of no defect.
    /// - Returns: where the picture lies.
    @discardableResult
    public func callAsFunction(
        _ image: RGBImage, truth: BinaryMask?, step: Int, into input: Tensor, truth framed: inout BinaryMask, in workspace: Workspace
    ) -> Placement {
        apply(AugmentationDraw(settings, seed: seed, step: step), image, truth: truth, into: input, truth: &framed, in: workspace)
    }

    func apply(
        _ draw: AugmentationDraw, _ image: RGBImage, truth: BinaryMask?, into input: Tensor, truth framed: inout BinaryMask,
        in workspace: Workspace
    ) -> Placement {
        precondition(truth.map { $0.size == image.size } ?? true, "truth of another size than its picture")
        precondition(input.rows == layout.side * layout.side && input.columns == 3)
        let kept = draw.keeps.flatMap { share in truth.flatMap { Self.pixel(share, of: $0) } }
        let placement = Placement(draw, picture: image.size, layout: layout, keeping: kept)
        framed.reset(width: layout.side, height: layout.side)
        if let truth { warp.draw(truth, placement, into: &framed) }
        if draw.isIdentity {
            processor(image, rect: PixelRect(image.size), into: input, in: workspace)
            return placement
        }
        let spans = warp.draw(image, placement, into: input.pointer, in: workspace)
        draw.tone.apply(to: input.pointer, side: layout.side)
        processor.normalise(input)
        for (y, span) in spans.enumerated() {
            let line = input.pointer + y * layout.side * 3
            line.update(repeating: 0, count: span.lowerBound * 3)
            (line + span.upperBound * 3).update(repeating: 0, count: (layout.side - span.upperBound) * 3)
        }
        return placement
    }

    /// The centre of one of a mask's pixels, `share` of the way through them.
    private static func pixel(_ share: Double, of mask: BinaryMask) -> SIMD2<Double>? {
        let area = mask.area
        guard area > 0 else { return nil }
        var left = min(area - 1, Int(share * Double(area)))
        for (index, value) in mask.pixels.enumerated() where value != 0 {
            if left == 0 { return SIMD2(Double(index % mask.width) + 0.5, Double(index / mask.width) + 0.5) }
            left -= 1
        }
        return nil
    }
}
