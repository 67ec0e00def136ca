/// What can be wrong with a picture or mask from outside.
///
/// The messages say what is wrong and what would be right; the caller, who knows it, adds the camera or file.
public enum ImagingError: Error, Hashable, Sendable {
    /// No bytes at all.
    case empty
    /// Another format, named where its first bytes are known.
    case notJPEG(looksLike: String?)
    /// Wider, higher or of more pixels than the limits allow, or without pixels.
    case tooLarge(PixelSize, limits: ImageLimits)
    /// A picture of another size than its frame header says.
    case sizeMismatch(PixelSize, expected: PixelSize)
    /// A JPEG of a kind that is not read: CMYK, 12 bits, arithmetic coding …
    case unsupported(String)
    /// An error or warning of libjpeg, in its words.
    case corrupt(String)
    case tooManyScans(limit: Int)
    /// Something follows the picture.
    case trailingData(String)
    /// A run-length code that is not one.
    case runLength(String)
    /// A picture that cannot be written as JPEG.
    case encoding(String)
    /// A PNG that cannot be read or written, in libpng's words.
    case png(String)
    /// A BMP that is damaged or of a kind that is not read.
    case bmp(String)
    /// A file that cannot be read as a picture of any kind.
    case file(String)
    case outOfMemory
}

extension ImagingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty:
            return "the payload is empty; a JPEG picture was expected"
        case .notJPEG(let format?):
            return "the payload looks like \(format); flawd reads JPEG"
        case .notJPEG(nil):
            return "the payload is not a JPEG picture: it does not begin with FF D8"
        case .tooLarge(let size, let limits):
            return "a picture of \(size) pixels; the limits are \(limits.maxWidth)×\(limits.maxHeight) and "
                + "\(limits.maxPixels) pixels in all"
        case .sizeMismatch(let size, let expected):
            return "the picture is \(size) pixels; its frame header says \(expected)"
        case .unsupported(let what):
            return "a JPEG of an unsupported kind (\(what)); flawd reads 8-bit gray, YCbCr and RGB with Huffman coding"
        case .corrupt(let message):
            return "the JPEG is damaged: \(message)"
        case .tooManyScans(let limit):
            return "a JPEG of more than \(limit) scans; no encoder of pictures of this size writes as many"
        case .trailingData(let message):
            return "the payload is more than one picture: \(message)"
        case .runLength(let message):
            return "not a run-length code: \(message)"
        case .encoding(let message):
            return "the picture cannot be written as JPEG: \(message)"
        case .png(let message), .file(let message):
            return message
        case .bmp(let message):
            return "the BMP cannot be read: \(message)"
        case .outOfMemory:
            return "no memory for the picture"
        }
    }
}
