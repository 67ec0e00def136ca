import Imaging
import SegmentAnything

/// Where an augmented picture lies in the model's square input.
public struct Placement: Sendable {
    public let picture: PixelSize
    public let side: Int
    /// From continuous pixels of the picture to those of the input.
    let toInput: AffineMap
    /// How much smaller the picture is than the model itself would make it, at most 1; see ``PictureWarp``.
    let reduction: Double

    /// The picture as the model's layout puts it, resized by the drawn factor, flipped and turned about its middle; then a
    /// crop where it is larger than the input, the left top corner where it is not.
    ///
    /// - Parameter kept: a point of the picture that a crop should hold.
    init(_ draw: AugmentationDraw, picture: PixelSize, layout: InputLayout, keeping kept: SIMD2<Double>? = nil) {
        let content = layout.content(of: picture), side = Double(layout.side)
        let width = Double(content.width) * draw.scale, height = Double(content.height) * draw.scale
        var map = AffineMap.scale(width / Double(picture.width), height / Double(picture.height))
        if draw.flipsHorizontally { map = map.then(AffineMap(a: -1, c: width)) }
        if draw.flipsVertically { map = map.then(AffineMap(e: -1, f: height)) }
        var (across, down) = (width, height)
        for _ in 0..<draw.quarterTurns {
            map = map.then(AffineMap(a: 0, b: -1, c: down, d: 1, e: 0, f: 0))
            (across, down) = (down, across)
        }
        if draw.angle != 0 { map = map.then(.rotation(degrees: draw.angle, around: SIMD2(across / 2, down / 2))) }
        let place = kept.map { map($0) }
        let x = Self.offset(draw.crop.x, room: across - side, side: side, holding: place?.x)
        let y = Self.offset(draw.crop.y, room: down - side, side: side, holding: place?.y)
        self.picture = picture
        self.side = layout.side
        toInput = x == 0 && y == 0 ? map : map.then(.shift(-x, -y))
        switch layout.resize {
        case .stretch: reduction = min(1, draw.scale)
        // The letterbox is made without aliasing at any scale.
        case .longestSide: reduction = min(1, min(width / Double(picture.width), height / Double(picture.height)))
        }
    }

    /// Where a crop begins: in whole pixels, somewhere in the room, as far as possible so that it holds a place.
    private static func offset(_ share: Double, room: Double, side: Double, holding place: Double?) -> Double {
        guard room > 0 else { return 0 }
        let low = place.map { min(room, max(0, $0 - side + 1)) } ?? 0, high = place.map { min(room, max(0, $0 - 1)) } ?? room
        return (min(low, high) + share * abs(high - low)).rounded(.down)
    }

    /// The smallest box of the input's pixels around what a rectangle of the picture becomes, as far as it lies inside; nil
    /// where none of it does. Corners are continuous pixels.
    func box(left: Double, top: Double, right: Double, bottom: Double) -> Prompt.Box? {
        let corners = [SIMD2(left, top), SIMD2(right, top), SIMD2(left, bottom), SIMD2(right, bottom)].map { toInput($0) }
        var low = corners[0], high = corners[0]
        for corner in corners {
            low = pointwiseMin(low, corner)
            high = pointwiseMax(high, corner)
        }
        low = pointwiseMax(low, SIMD2(0, 0))
        high = pointwiseMin(high, SIMD2(repeating: Double(side)))
        guard high.x - low.x >= 1, high.y - low.y >= 1 else { return nil }
        return Prompt.Box(left: Float(low.x), top: Float(low.y), right: Float(high.x), bottom: Float(high.y))
    }

    /// The box around the whole picture, as far as it lies in the input.
    public var whole: Prompt.Box {
        box(left: 0, top: 0, right: Double(picture.width), bottom: Double(picture.height))
            ?? Prompt.Box(left: 0, top: 0, right: Float(side), bottom: Float(side))
    }
}
