import Imaging
import SegmentAnything

extension SPTModel {
    var windowedEncoder: (any WindowedEncoder)? { encoder as? any WindowedEncoder }

    /// Windows that the encoder cuts its input into, if it can leave some out; otherwise 1.
    public var windows: Int { windowedEncoder?.windows.count ?? 1 }

    /// Whether parts of a picture can be encoded without the rest: a vision transformer of more than one window.
    public var encodesRegions: Bool { windows > 1 }

    /// What is encoded of a picture of which only some is needed; nil: all of it.
    ///
    /// - Parameter isNeeded: whether anything of a rectangle of the picture's pixels is.
    public func tokens(of picture: PixelSize, where isNeeded: (PixelRect) -> Bool) -> TokenSet? {
        windowedEncoder?.windows.tokens(of: configuration.layout.geometry(of: picture), where: isNeeded)
    }
}
