import Imaging
import Tensor

/// SAM's published preprocessing (`SamPredictor.set_image`): the longest side becomes the input's, resized as Pillow does
/// it, to bytes; then (x − mean) / std, then zeros at right and bottom.
///
/// A normalised byte is one of 256 values a channel, which are divided out once: the input is the published one to the bit.
final class LetterboxProcessor {
    private let layout: InputLayout
    /// 256 values a channel.
    private let normalised: [Float]
    private var taps = TapsCache<Lengths, AntialiasedTaps>(capacity: 64)

    private struct Lengths: Hashable {
        var source: Int
        var target: Int
    }

    /// Rows of the result that are made together, of their own part of the picture.
    private static let tileRows = 64

    init(_ configuration: ModelConfiguration) {
        layout = configuration.layout
        normalised = zip(configuration.pixelMean, configuration.pixelStd).flatMap { mean, std in
            (0..<256).map { (Float($0) - mean) / std }
        }
    }

    /// - Parameter input: `side² × 3`, written.
    func callAsFunction(_ image: RGBImage, rect: PixelRect, into input: Tensor, in workspace: Workspace) {
        let content = layout.content(of: rect.size), side = layout.side, line = content.width * 3
        let horizontal = taps(from: rect.width, to: content.width), vertical = taps(from: rect.height, to: content.height)
        let stride = image.width * 3
        guard let pixels = image.bytes.baseAddress.map({ UnsafePointer($0) + rect.y * stride + rect.x * 3 }) else { return }
        // Pillow leaves an axis alone that keeps its length.
        let widens = rect.width != content.width, heightens = rect.height != content.height
        let mostRows = Swift.stride(from: 0, to: content.height, by: Self.tileRows).map {
            heightens ? vertical.sources(of: $0..<min(content.height, $0 + Self.tileRows)).count : Self.tileRows
        }.max() ?? 0
        let scratchBytes = (mostRows + 1) * line
        workspace.parallelRows(side, tile: Self.tileRows, scratch: (scratchBytes + 3) / 4) { rows, scratch in
            (input.pointer + rows.lowerBound * side * 3).update(repeating: 0, count: rows.count * side * 3)
            let rows = rows.clamped(to: 0..<content.height)
            guard !rows.isEmpty else { return }
            let sources = heightens ? vertical.sources(of: rows) : rows
            // The arena's floats serve as bytes here; nothing else looks at them meanwhile.
            let bytes = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt8.self)
            for (index, row) in sources.enumerated() {
                let source = pixels + row * stride, target = bytes + index * line
                if widens { horizontal.resizeRow(source, into: target) } else { target.update(from: source, count: line) }
            }
            let result = bytes + mostRows * line
            for y in rows {
                var row = UnsafePointer(bytes + (y - rows.lowerBound) * line)
                if heightens {
                    let first = vertical.sources(of: y..<y + 1).lowerBound - sources.lowerBound
                    vertical.resizeColumns(y, of: bytes + first * line, count: line, into: result)
                    row = UnsafePointer(result)
                }
                normalise(row, count: content.width, into: input.pointer + y * side * 3)
            }
        }
    }

    private func normalise(_ row: UnsafePointer<UInt8>, count: Int, into target: UnsafeMutablePointer<Float>) {
        normalised.withUnsafeBufferPointer { values in
            for x in 0..<count {
                target[3 * x] = values[Int(row[3 * x])]
                target[3 * x + 1] = values[256 + Int(row[3 * x + 1])]
                target[3 * x + 2] = values[512 + Int(row[3 * x + 2])]
            }
        }
    }

    private func taps(from source: Int, to target: Int) -> AntialiasedTaps {
        taps.taps(Lengths(source: source, target: target)) { AntialiasedTaps(source: source, target: target) }
    }
}
