import Foundation

/// Reads picture files of the kinds that data sets are made of: JPEG, PNG and uncompressed BMP, told apart by their
/// first bytes, not their names. Not Sendable: it holds a JPEG decoder, so each worker makes its own.
public final class PictureReader {
    public let limits: ImageLimits
    private let decoder: JPEGDecoder
    private let scratch = RGBImage()

    /// The longest file that is opened, in bytes.
    static let mostBytes = 512 * 1024 * 1024

    /// The names' endings of the files that can be read, in lower case.
    public static let endings: Set<String> = ["jpg", "jpeg", "png", "bmp"]

    public init(limits: ImageLimits = .init()) {
        self.limits = limits
        decoder = JPEGDecoder(limits: limits)
    }

    private enum Kind { case jpeg, png, bmp }

    /// The size that the file's header states, checked against the limits. The pixels are not looked at.
    public func size(path: String) throws(ImagingError) -> PixelSize {
        try withBytes(path) { (bytes, kind) throws(ImagingError) in
            switch kind {
            case .jpeg: try decoder.size(of: bytes)
            case .png: try PNGFile.size(of: bytes, limits: limits)
            case .bmp: try BMPFile.size(of: bytes, limits: limits)
            }
        }
    }

    /// Decodes the whole file into `image`, which is given its size.
    ///
    /// - Throws: ``ImagingError`` without the file's name; the image's pixels are undefined then.
    public func read(path: String, into image: RGBImage) throws(ImagingError) {
        try withBytes(path) { (bytes, kind) throws(ImagingError) in
            switch kind {
            case .jpeg: try decoder.decode(bytes, into: image)
            case .png: try PNGFile.decode(bytes, limits: limits, into: image)
            case .bmp: try BMPFile.decode(bytes, limits: limits, into: image)
            }
        }
    }

    /// Decodes a file of gray levels; of colours, the means of the channels, as of a gray picture that was saved in RGB.
    public func readGray(path: String) throws(ImagingError) -> (size: PixelSize, pixels: [UInt8]) {
        try withBytes(path) { (bytes, kind) throws(ImagingError) in
            switch kind {
            case .png: return try PNGFile.decodeGray(bytes, limits: limits)
            case .jpeg: try decoder.decode(bytes, into: scratch)
            case .bmp: try BMPFile.decode(bytes, limits: limits, into: scratch)
            }
            let colours = scratch.bytes
            var pixels = [UInt8](repeating: 0, count: scratch.size.area)
            for pixel in pixels.indices {
                let sum = Int(colours[3 * pixel]) + Int(colours[3 * pixel + 1]) + Int(colours[3 * pixel + 2])
                pixels[pixel] = UInt8(sum / 3)
            }
            return (scratch.size, pixels)
        }
    }

    private func withBytes<Result>(
        _ path: String, _ body: (UnsafeRawBufferPointer, Kind) throws(ImagingError) -> Result
    ) throws(ImagingError) -> Result {
        let data: Data
        do {
            let url = URL(fileURLWithPath: path)
            let values = try url.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
            guard values.isRegularFile == true else { throw ImagingError.file("is not a regular file; a picture is expected") }
            let size = values.fileSize ?? 0
            guard size <= Self.mostBytes else { throw ImagingError.file("\(size) bytes; pictures of up to \(Self.mostBytes) bytes are read") }
            data = try Data(contentsOf: url, options: .mappedIfSafe)
        } catch let error as ImagingError {
            throw error
        } catch {
            throw .file("cannot be read: \(error.localizedDescription)")
        }
        let result: Swift.Result<Result, ImagingError> = data.withUnsafeBytes { bytes in
            Swift.Result { () throws(ImagingError) in
                guard bytes.count > 0 else { throw ImagingError.file("is empty; a picture is expected") }
                switch PictureFormat.name(of: bytes) {
                case nil: return try body(bytes, .jpeg)
                case "PNG": return try body(bytes, .png)
                case "BMP": return try body(bytes, .bmp)
                case let other?: throw ImagingError.file("looks like \(other); JPEG, PNG and BMP pictures are read")
                }
            }
        }
        return try result.get()
    }
}
