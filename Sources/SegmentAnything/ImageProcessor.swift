import Imaging
import Tensor

/// Turns a rectangle of an image into the encoder's input: resized as the model wants it, then (x − mean) / std.
///
/// `stretch`: bilinearly, without antialiasing, perhaps truncated to bytes. `longest_side`: see ``LetterboxProcessor``.
public final class ImageProcessor {
    private let size: Int
    private let letterbox: LetterboxProcessor?
    private let truncates: Bool
    private let mean: [Float]
    private let inverseStd: [Float]
    private var taps = TapsCache<Int, ResizeTaps>(capacity: 256)

    public init(_ configuration: ModelConfiguration) {
        size = configuration.imageSize
        letterbox = configuration.resize == .longestSide ? LetterboxProcessor(configuration) : nil
        truncates = configuration.truncateInput
        mean = configuration.pixelMean
        inverseStd = configuration.pixelStd.map { 1 / $0 }
    }

    /// - Parameter input: `imageSize² × 3`, written.
    public func callAsFunction(_ image: RGBImage, rect: PixelRect, into input: Tensor, in workspace: Workspace) {
        precondition(rect.width > 0 && rect.height > 0 && PixelRect(image.size).intersection(rect) == rect)
        precondition(input.rows == size * size && input.columns == 3)
        if let letterbox { return letterbox(image, rect: rect, into: input, in: workspace) }
        let horizontal = taps(from: rect.width), vertical = taps(from: rect.height)
        let stride = image.width * 3
        let pixels = image.bytes.baseAddress.map { UnsafePointer($0) + rect.y * stride + rect.x * 3 }
        guard let pixels else { return }
        let target = input.pointer, lineCount = size * 3
        let (truncates, mean, inverseStd) = (truncates, mean, inverseStd)
        workspace.parallelRows(size, tile: 64, scratch: RowResizer.scratch(width: size, channels: 3)) { rows, scratch in
            var resizer = RowResizer(horizontal: horizontal, vertical: vertical, channels: 3, scratch: scratch)
            for y in rows {
                let line = target + y * lineCount
                resizer.row(y, into: line) { row, sample in Float(pixels[row * stride + sample]) }
                Self.normalise(line, count: size, truncates: truncates, mean: mean, inverseStd: inverseStd)
            }
        }
    }

    /// Turns levels of 0…255 that are laid out already into the encoder's input, in place.
    ///
    /// - Parameter input: `imageSize² × 3`.
    public func normalise(_ input: Tensor) {
        precondition(input.rows == size * size && input.columns == 3)
        Self.normalise(input.pointer, count: size * size, truncates: truncates, mean: mean, inverseStd: inverseStd)
    }

    private static func normalise(
        _ line: UnsafeMutablePointer<Float>, count: Int, truncates: Bool, mean: [Float], inverseStd: [Float]
    ) {
        let (m0, m1, m2) = (mean[0], mean[1], mean[2]), (s0, s1, s2) = (inverseStd[0], inverseStd[1], inverseStd[2])
        for x in 0..<count {
            let pixel = line + 3 * x
            if truncates {
                pixel[0].round(.down)
                pixel[1].round(.down)
                pixel[2].round(.down)
            }
            pixel[0] = (pixel[0] - m0) * s0
            pixel[1] = (pixel[1] - m1) * s1
            pixel[2] = (pixel[2] - m2) * s2
        }
    }

    private func taps(from source: Int) -> ResizeTaps {
        taps.taps(source) { ResizeTaps(source: source, target: size) }
    }
}
