/// The largest picture that is decoded. Checked against a file's own header before anything is allocated.
public struct ImageLimits: Sendable, Hashable {
    public var maxWidth: Int
    public var maxHeight: Int
    public var maxPixels: Int
    /// The most scans of one progressive JPEG: a small file can ask for its pixels to be gone over thousands of times.
    public var maxScans: Int

    public init(
        maxWidth: Int = 16384, maxHeight: Int = 16384, maxPixels: Int = 50_000_000, maxScans: Int = 500
    ) {
        self.maxWidth = maxWidth
        self.maxHeight = maxHeight
        self.maxPixels = maxPixels
        self.maxScans = maxScans
    }

    /// Throws `ImagingError.tooLarge` unless a picture of `size` may be allocated.
    public func check(_ size: PixelSize) throws(ImagingError) {
        let (area, overflow) = size.width.multipliedReportingOverflow(by: size.height)
        guard size.width > 0, size.height > 0, size.width <= maxWidth, size.height <= maxHeight,
            !overflow, area <= maxPixels
        else {
            throw .tooLarge(size, limits: self)
        }
    }

    /// The scans allowed to a picture of `size`, which passed `check`.
    ///
    /// `maxScans`, but no more than go over 32 times `maxPixels` pixels in all: 500 scans of the largest picture
    /// would hold a worker for many seconds. Real encoders write about ten.
    func scans(for size: PixelSize) -> Int {
        let (budget, overflow) = maxPixels.multipliedReportingOverflow(by: 32)
        return max(1, min(maxScans, overflow ? maxScans : budget / max(1, size.area)))
    }
}
