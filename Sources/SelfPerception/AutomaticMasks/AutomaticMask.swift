import Imaging

/// A box around a mask, its right and bottom edge being the last column and row inside, as segment-anything measures it.
struct MaskBox: Hashable, Sendable {
    var left: Int
    var top: Int
    var right: Int
    var bottom: Int

    func moved(x: Int, y: Int) -> MaskBox {
        MaskBox(left: left + x, top: top + y, right: right + x, bottom: bottom + y)
    }
}

/// A mask that the generator found; its JSON is the published record.
public struct AutomaticMask: Sendable, Encodable {
    /// At the whole picture's size.
    public internal(set) var segmentation: RunLengthCode
    /// Pixels.
    public internal(set) var area: Int
    var box: MaskBox
    public let predictedIoU: Float
    /// The prompt that gave the mask, in pixels of the picture.
    public let point: (x: Double, y: Double)
    public let stabilityScore: Float
    /// What was encoded when it was found.
    public let cropBox: PixelRect

    /// `[x, y, width, height]` as published: width and height are last − first, one less than the pixels covered.
    public var bbox: [Int] { [box.left, box.top, box.right - box.left, box.bottom - box.top] }

    enum CodingKeys: String, CodingKey {
        case segmentation, area, bbox
        case predictedIoU = "predicted_iou"
        case pointCoords = "point_coords"
        case stabilityScore = "stability_score"
        case cropBox = "crop_box"
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(segmentation, forKey: .segmentation)
        try values.encode(area, forKey: .area)
        try values.encode(bbox, forKey: .bbox)
        try values.encode(predictedIoU, forKey: .predictedIoU)
        try values.encode([[point.x, point.y]], forKey: .pointCoords)
        try values.encode(stabilityScore, forKey: .stabilityScore)
        try values.encode([cropBox.x, cropBox.y, cropBox.width, cropBox.height], forKey: .cropBox)
    }
}
