import Imaging

/// How a model lays pictures of any size onto its square input; the low-resolution masks cover that input.
public struct InputLayout: Hashable, Sendable {
    /// Pixels on one side of the input.
    public let side: Int
    public let resize: ModelConfiguration.Resize

    public init(side: Int, resize: ModelConfiguration.Resize) {
        precondition(side > 0)
        self.side = side
        self.resize = resize
    }

    /// The part of the input, from its left top corner, that a picture covers.
    ///
    /// `stretch`: all of it. `longest_side` (segment-anything's `ResizeLongestSide`): ⌊length · side / longest + ½⌋ along
    /// each axis, at least one pixel; the rest is padding.
    public func content(of picture: PixelSize) -> PixelSize {
        switch resize {
        case .stretch:
            return PixelSize(width: side, height: side)
        case .longestSide:
            let scale = Double(side) / Double(max(picture.width, picture.height, 1))
            func length(_ length: Int) -> Int { min(side, max(1, Int(Double(length) * scale + 0.5))) }
            return PixelSize(width: length(picture.width), height: length(picture.height))
        }
    }

    public func geometry(of picture: PixelSize) -> DisplayGeometry { DisplayGeometry(picture: picture, layout: self) }
}

extension ModelConfiguration {
    public var layout: InputLayout { InputLayout(side: imageSize, resize: resize) }
}
