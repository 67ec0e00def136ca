import Imaging

extension RegionFile {
    /// The entries with `encode: region`, as written.
    public var camerasEncodingRegions: [String] { entries.filter { $0.encode == .region }.map(\.pattern.text) }

    /// The frame size that a camera entry's shapes were drawn on; nil where the file gives none.
    ///
    /// - Parameter pattern: one of `cameras`, as written.
    public func referenceSize(pattern: String) -> PixelSize? {
        entry(written: pattern)?.referenceSize
    }

    /// What one entry of the file becomes at a frame size, whichever cameras it matches; nil when there is no such entry.
    public func plan(pattern: String, frame: PixelSize) -> InspectionPlan? {
        guard frame.width > 0, frame.height > 0 else { return nil }
        return entry(written: pattern)
            .map { InspectionPlan(entry: $0, frame: frame, revision: revision) }
    }
}
