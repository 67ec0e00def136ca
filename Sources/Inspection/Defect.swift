import Imaging

/// One connected part of a region's refined mask.
public struct Defect: Sendable, Codable, Equatable {
    /// `[x, y, width, height]` in pixels of the frame.
    public var box: [Int]
    public var areaPx: Int
    /// Where the region file gives `pixels_per_mm`.
    public var areaMm2: Double?
    /// `[x, y]`: the mean of the pixels' columns and rows; a single pixel's is its own column and row.
    public var centroid: [Double]
    /// The mean refined probability of its pixels at full resolution (logits resized bilinearly, then the sigmoid), so
    /// above 0.5.
    public var score: Double
    /// Its pixels within the whole frame.
    public var segmentation: RunLengthCode

    public init(
        box: PixelRect, areaPx: Int, areaMm2: Double?, centroid: (x: Double, y: Double), score: Double,
        segmentation: RunLengthCode
    ) {
        self.box = [box.x, box.y, box.width, box.height]
        self.areaPx = areaPx
        self.areaMm2 = areaMm2
        self.centroid = [centroid.x, centroid.y]
        self.score = score
        self.segmentation = segmentation
    }

    enum CodingKeys: String, CodingKey {
        case box, centroid, score, segmentation
        case areaPx = "area_px"
        case areaMm2 = "area_mm2"
    }
}
