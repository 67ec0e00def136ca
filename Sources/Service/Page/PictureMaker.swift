import Imaging
import Streaming

/// Makes JPEGs of frames for whoever looks: those that came as JPEG as they are, others encoded, reduced where that is asked for.
///
/// On one thread of its own, so that no number of browsers takes more of the machine than that, and it is the least important one.
final class PictureMaker: Sendable {
    private let limits: ImageLimits
    private let queue = PageQueue(label: "flawd.pictures", qos: .background, mostWaiting: 64)

    init(limits: ImageLimits) { self.limits = limits }

    /// - Parameter longest: of the sides, in pixels; nil: as it is.
    /// - Throws: `PageRefusal` when too many wait, or the picture cannot be read.
    func jpeg(of frame: IncomingFrame, longest: Int?) async throws -> [UInt8] {
        guard frame.header.codec == .rawBGR8 || longest != nil else { return frame.payload.withBytes { [UInt8]($0) } }
        return try await queue.run { [limits] in
            // Shrinking what is small already would only cost time.
            if frame.header.codec == .jpeg, frame.payload.count < 48 << 10 { return frame.payload.withBytes { [UInt8]($0) } }
            let image = RGBImage()
            try FrameDecoder(limits: limits).decode(frame, into: image)
            return try JPEGEncoder().encode(longest.map { image.reduced(to: $0) } ?? image)
        }
    }

    /// The size of a frame's picture.
    func size(of frame: IncomingFrame) async throws -> PixelSize {
        if let size = frame.header.size { return size }
        return try await queue.run { [limits] in
            let image = RGBImage()
            try FrameDecoder(limits: limits).decode(frame, into: image)
            return image.size
        }
    }
}
