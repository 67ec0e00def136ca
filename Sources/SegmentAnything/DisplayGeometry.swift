import Imaging

/// How one displayed picture lies on the model's input and on the low-resolution grid of its masks.
public struct DisplayGeometry: Hashable, Sendable {
    public let picture: PixelSize
    public let layout: InputLayout
    /// The part of the input that the picture covers, from the left top corner.
    public let content: PixelSize

    /// - Precondition: the picture is not empty.
    public init(picture: PixelSize, layout: InputLayout) {
        precondition(picture.width > 0 && picture.height > 0)
        self.picture = picture
        self.layout = layout
        content = layout.content(of: picture)
    }

    /// A prompt in pixels of the picture becomes one in pixels of the input (`ResizeLongestSide.apply_coords`).
    public func toInput(_ prompt: Prompt) -> Prompt {
        prompt.scaled(
            x: Float(content.width) / Float(picture.width), y: Float(content.height) / Float(picture.height))
    }

    /// - Parameter grid: the low-resolution mask's size.
    public func columns(grid: PixelSize) -> MaskAxis {
        MaskAxis(cells: grid.width, layout: layout, content: content.width, length: picture.width)
    }

    public func rows(grid: PixelSize) -> MaskAxis {
        MaskAxis(cells: grid.height, layout: layout, content: content.height, length: picture.height)
    }
}
