import Imaging

/// Where the truth about a sample comes from.
public enum TruthSource: Sendable {
    /// A good part.
    case none
    /// Mask files of the picture's size; a pixel is defective where any of them is above the level.
    case files([String], above: UInt8)
    /// Shapes drawn on a picture; nil where the annotation does not state the picture's size.
    case shapes([TruthShape], size: PixelSize?)
}

/// One marked place, in continuous pixels of the picture (0 is its left or top edge).
public enum TruthShape: Sendable {
    /// Filled by the even-odd rule.
    case polygon([SIMD2<Double>])
    case circle(centre: SIMD2<Double>, radius: Double)
    /// The whole picture's mask.
    case runLength(RunLengthCode)

    /// Adds the shape to a mask.
    /// - Throws: ``ImagingError`` for a code that is none, or of another size than the mask.
    func draw(on mask: inout BinaryMask) throws(ImagingError) {
        switch self {
        case .polygon(let vertices): mask.fill(polygon: vertices)
        case .circle(let centre, let radius): mask.fill(circle: centre, radius: radius)
        case .runLength(let code):
            guard code.size == mask.size else {
                throw .runLength("it is of \(code.size) pixels, its picture of \(mask.size)")
            }
            mask.formUnion(with: try code.mask())
        }
    }
}
