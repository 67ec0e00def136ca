import Imaging

/// Decodes payloads into pixels (JPEG through Imaging, raw BGR by swapping channels). One per decode worker.
public final class FrameDecoder {
    private let limits: ImageLimits
    private let jpeg: JPEGDecoder

    public init(limits: ImageLimits) {
        self.limits = limits
        jpeg = JPEGDecoder(limits: limits)
    }

    /// Decodes `frame` into `image`, which takes the frame's size. When this throws, the image's contents are undefined.
    ///
    /// - Throws: `StreamingError` that names the camera and says what is wrong with the picture.
    public func decode(_ frame: IncomingFrame, into image: RGBImage) throws(StreamingError) {
        switch frame.header.codec {
        case .jpeg:
            try frame.payload.withBytes { (bytes) throws(StreamingError) in
                do {
                    try jpeg.decode(bytes, expecting: frame.header.size, into: image)
                } catch {
                    throw StreamingError("\(frame.header.name): \(error)")
                }
            }
        case .rawBGR8:
            try frame.payload.withBytes { (bytes) throws(StreamingError) in
                try decodeBGR(bytes, frame.header, into: image)
            }
        }
    }

    private func decodeBGR(
        _ bytes: UnsafeRawBufferPointer, _ header: FrameHeader, into image: RGBImage
    ) throws(StreamingError) {
        guard let size = header.size, size.width > 0, size.height > 0,
              size.width <= limits.maxWidth, size.height <= limits.maxHeight
        else {
            throw StreamingError("\(header.name): raw pixels of no size or one over "
                + "\(limits.maxWidth)x\(limits.maxHeight)")
        }
        let (area, tooLarge) = size.width.multipliedReportingOverflow(by: size.height)
        guard !tooLarge, area <= limits.maxPixels, bytes.count / 3 == area, bytes.count % 3 == 0 else {
            throw StreamingError("\(header.name): \(bytes.count) bytes of raw pixels, \(size.width)x\(size.height) takes "
                + "three a pixel and at most \(limits.maxPixels) pixels are accepted")
        }
        image.resize(width: size.width, height: size.height)
        guard let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
              let target = image.bytes.baseAddress
        else { return }
        swapChannels(source, target, pixels: area)
    }
}

/// BGR to RGB: target[3i + c] = source[3i + 2 − c].
private func swapChannels(_ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, pixels: Int) {
    for pixel in 0..<pixels {
        let offset = 3 &* pixel
        target[offset] = source[offset &+ 2]
        target[offset &+ 1] = source[offset &+ 1]
        target[offset &+ 2] = source[offset]
    }
}

extension FrameHeader {
    /// The frame in an error message.
    fileprivate var name: String {
        guard let sequence else { return "camera '\(camera)'" }
        return "camera '\(camera)', frame \(sequence)"
    }
}
