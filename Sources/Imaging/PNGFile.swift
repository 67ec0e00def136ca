import CPNG

/// Gray PNG files: the masks of data sets, and the masks that `flawd segment` writes.
///
/// libpng's simplified interface does the work; colour and alpha are converted to gray by it.
public enum PNGFile {
    /// Reads a file as 8-bit gray.
    ///
    /// - Throws: ``ImagingError`` when it is no PNG, damaged, or larger than `limits`.
    public static func readGray(path: String, limits: ImageLimits = ImageLimits()) throws(ImagingError) -> (size: PixelSize, pixels: [UInt8]) {
        var image = png_image()
        image.version = flawd_png_version()
        defer { png_image_free(&image) }
        guard png_image_begin_read_from_file(&image, path) != 0 else { throw failure(path, &image) }
        let size = PixelSize(width: Int(image.width), height: Int(image.height))
        guard size.width <= limits.maxWidth, size.height <= limits.maxHeight, size.area <= limits.maxPixels else {
            throw ImagingError.png("\(path): \(size.width)×\(size.height) pixels are more than the \(limits.maxWidth)×\(limits.maxHeight) (\(limits.maxPixels) in all) that are read")
        }
        image.format = flawd_png_gray()
        var pixels = [UInt8](repeating: 0, count: size.area)
        guard png_image_finish_read(&image, nil, &pixels, 0, nil) != 0, flawd_png_failed(&image) == 0 else {
            throw failure(path, &image)
        }
        return (size, pixels)
    }

    /// Writes 8-bit gray pixels, row by row.
    public static func writeGray(_ pixels: [UInt8], size: PixelSize, path: String) throws(ImagingError) {
        precondition(pixels.count == size.area)
        guard let width = UInt32(exactly: size.width), let height = UInt32(exactly: size.height) else {
            throw ImagingError.png("\(path): \(size.width)×\(size.height) pixels do not fit a PNG")
        }
        var image = png_image()
        image.version = flawd_png_version()
        image.width = width
        image.height = height
        image.format = flawd_png_gray()
        defer { png_image_free(&image) }
        guard png_image_write_to_file(&image, path, 0, pixels, 0, nil) != 0 else { throw failure(path, &image) }
    }

    private static func failure(_ path: String, _ image: inout png_image) -> ImagingError {
        let message = withUnsafeBytes(of: &image.message) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        return ImagingError.png("\(path): \(message)")
    }
}
