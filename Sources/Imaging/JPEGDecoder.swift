import CJPEG

/// Decodes JPEG pictures to RGB, refusing whatever is not whole.
///
/// libjpeg carries on over damage with a warning and grey pixels; here a warning is an error, because a picture that
/// was half invented must not pass inspection. Not Sendable: it holds libjpeg's state, so each worker makes its own.
public final class JPEGDecoder {
    public let limits: ImageLimits
    /// Nil when there was no memory for it; every call then throws.
    private let handle: OpaquePointer?

    public init(limits: ImageLimits = .init()) {
        self.limits = limits
        handle = flawd_jpeg_decoder_create()
    }

    deinit { flawd_jpeg_decoder_destroy(handle) }

    /// The size that the header states, checked against the limits. The pixels are not looked at.
    public func size(of bytes: UnsafeRawBufferPointer) throws(ImagingError) -> PixelSize {
        let size = try begin(bytes)
        flawd_jpeg_decoder_end(handle)
        return size
    }

    /// Decodes a whole picture into `image`, which is given its size.
    ///
    /// - Parameter expecting: the size that the frame's own header states; another one is an error.
    /// - Throws: `ImagingError`; `image` is untouched where the header was refused, its pixels are undefined otherwise.
    public func decode(
        _ bytes: UnsafeRawBufferPointer, expecting: PixelSize? = nil, into image: RGBImage
    ) throws(ImagingError) {
        let size = try begin(bytes)
        defer { flawd_jpeg_decoder_end(handle) }
        if let expecting, expecting != size { throw .sizeMismatch(size, expected: expecting) }
        image.resize(width: size.width, height: size.height)
        let pixels = image.bytes
        let scans = limits.scans(for: size)
        let code = flawd_jpeg_decoder_finish(
            handle, pixels.baseAddress, pixels.count, Int32(clamping: scans), Self.coefficientBytes(for: size))
        if code != FLAWD_JPEG_OK { throw error(code, scans: scans) }
    }

    public func size(of bytes: [UInt8]) throws(ImagingError) -> PixelSize {
        try bytes.withRaw { (raw) throws(ImagingError) in try size(of: raw) }
    }

    public func decode(_ bytes: [UInt8], expecting: PixelSize? = nil, into image: RGBImage) throws(ImagingError) {
        try bytes.withRaw { (raw) throws(ImagingError) in try decode(raw, expecting: expecting, into: image) }
    }

    /// Reads the header and checks it; leaves a picture begun.
    private func begin(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) -> PixelSize {
        guard let start = bytes.baseAddress, bytes.count > 0 else { throw .empty }
        guard bytes.count >= 2, bytes[0] == 0xFF, bytes[1] == 0xD8 else {
            throw .notJPEG(looksLike: PictureFormat.name(of: bytes))
        }
        guard handle != nil else { throw .outOfMemory }
        var info = flawd_jpeg_info()
        let code = flawd_jpeg_decoder_begin(
            handle, start.assumingMemoryBound(to: UInt8.self), bytes.count, &info)
        guard code == FLAWD_JPEG_OK else { throw error(code, scans: limits.maxScans) }
        let size = PixelSize(width: Int(info.width), height: Int(info.height))
        do {
            try limits.check(size)
        } catch {
            flawd_jpeg_decoder_end(handle)
            throw error
        }
        return size
    }

    /// What libjpeg may hold while it collects a picture's scans: three components of 2-byte coefficients, with sides
    /// rounded up to the largest unit of 32 pixels.
    private static func coefficientBytes(for size: PixelSize) -> Int {
        (size.width + 31) * (size.height + 31) * 3 * 2 + 1024 * 1024
    }

    private func error(_ code: flawd_jpeg_code, scans: Int) -> ImagingError {
        let message = String(cString: flawd_jpeg_decoder_message(handle))
        switch code {
        case FLAWD_JPEG_UNSUPPORTED: return .unsupported(message)
        case FLAWD_JPEG_NOT_JPEG: return .notJPEG(looksLike: nil)
        case FLAWD_JPEG_TOO_MANY_SCANS: return .tooManyScans(limit: scans)
        case FLAWD_JPEG_TRAILING_DATA: return .trailingData(message)
        case FLAWD_JPEG_OUT_OF_MEMORY: return .outOfMemory
        default: return .corrupt(message)
        }
    }
}

extension [UInt8] {
    /// `withUnsafeBytes` with a typed error.
    func withRaw<Result>(
        _ body: (UnsafeRawBufferPointer) throws(ImagingError) -> Result
    ) throws(ImagingError) -> Result {
        try withUnsafeBufferPointer { (buffer) throws(ImagingError) in try body(UnsafeRawBufferPointer(buffer)) }
    }
}
