/// The kinds of flaw that `DefectPainter` can draw.
public enum DefectKind: String, Sendable, CaseIterable, Codable {
    /// A thin, slightly curved line across the grinding marks, dark or bright.
    case scratch
    /// A blowhole: a small dark hollow with a soft rim.
    case pit
    /// An irregular patch, darker than the surface around it, whose texture shows through.
    case stain
    /// A jagged dark line that opens and closes.
    case crack
}

/// A flaw that was painted, and where.
public struct PaintedDefect: Hashable, Sendable {
    public var kind: DefectKind
    /// The smallest rectangle around the pixels of its truth.
    public var box: PixelRect
    /// Pixels of its truth.
    public var area: Int
    /// Relative difference from the surface that was asked for; positive is darker, negative brighter.
    public var contrast: Float
}

/// Ranges from which one kind's size and visibility are drawn, each uniformly.
///
/// Lengths are fractions of the shorter side of the picture, so that a flaw of the same ranges looks alike on a
/// thumbnail and on a photograph of 20 megapixels.
public struct DefectRange: Hashable, Sendable {
    /// Length of a scratch or crack, diameter of a pit or stain.
    public var extent: ClosedRange<Float>
    /// Width of a scratch or crack; for a pit or stain the ratio of its short to its long diameter.
    public var width: ClosedRange<Float>
    /// Relative difference from the surface, 0 … 1.
    public var contrast: ClosedRange<Float>
    /// The share of flaws that are brighter than the surface.
    public var brightShare: Double

    public init(
        extent: ClosedRange<Float>, width: ClosedRange<Float>, contrast: ClosedRange<Float>, brightShare: Double = 0
    ) {
        self.extent = extent
        self.width = width
        self.contrast = contrast
        self.brightShare = brightShare
    }

    /// Ranges that are visible on a ground surface, most of them plainly and a few hardly.
    public static func standard(_ kind: DefectKind) -> DefectRange {
        switch kind {
        case .scratch:
            DefectRange(extent: 0.15...0.5, width: 0.007...0.016, contrast: 0.36...0.7, brightShare: 0.3)
        case .pit: DefectRange(extent: 0.03...0.1, width: 0.6...1, contrast: 0.35...0.75)
        case .stain: DefectRange(extent: 0.12...0.35, width: 0.45...1, contrast: 0.24...0.5)
        case .crack: DefectRange(extent: 0.12...0.4, width: 0.007...0.018, contrast: 0.4...0.8)
        }
    }
}
