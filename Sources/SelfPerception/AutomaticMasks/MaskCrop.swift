import Imaging

/// A part of the picture that the generator encodes alone, and the points it asks about.
struct MaskCrop: Equatable {
    let rect: PixelRect
    /// 0 is the whole picture.
    let layer: Int

    /// segment-anything's `generate_crop_boxes`: layer i has 2^i × 2^i overlapping crops, column by column.
    ///
    /// A picture with fewer pixels than crops along an axis has crops that begin beyond it; they are left out.
    static func crops(of picture: PixelSize, layers: Int, overlapRatio: Double) -> [MaskCrop] {
        var crops = [MaskCrop(rect: PixelRect(picture), layer: 0)]
        let short = Double(min(picture.width, picture.height))
        for layer in 0..<layers {
            let count = 1 << (layer + 1)
            let overlap = Int(overlapRatio * short * (2 / Double(count)))
            func length(_ length: Int) -> Int { (overlap * (count - 1) + length + count - 1) / count }
            let width = length(picture.width), height = length(picture.height)
            for column in 0..<count {
                for row in 0..<count {
                    let rect = PixelRect(
                        x: (width - overlap) * column, y: (height - overlap) * row, width: width, height: height)
                    guard let inside = rect.intersection(PixelRect(picture)) else { continue }
                    crops.append(MaskCrop(rect: inside, layer: layer + 1))
                }
            }
        }
        return crops
    }

    /// `build_point_grid`: n × n points evenly spread, row by row, in pixels of the crop.
    func points(perSide count: Int) -> [(x: Double, y: Double)] {
        let offset = 1 / Double(2 * count)
        let step = count > 1 ? (1 - offset - offset) / Double(count - 1) : 0
        // NumPy's linspace ends on its last value, however the steps round.
        let line = (0..<count).map { $0 > 0 && $0 == count - 1 ? 1 - offset : offset + Double($0) * step }
        return line.flatMap { y in line.map { x in (x * Double(rect.width), y * Double(rect.height)) } }
    }

    /// Whether a box, in pixels of the picture, comes within 20 pixels of an edge of the crop that is not as near to the
    /// same edge of the picture (`is_box_near_crop_edge`): the crop probably cut the object.
    func cuts(_ box: MaskBox, of picture: PixelSize) -> Bool {
        func near(_ edge: Int, _ crop: Int, _ whole: Int) -> Bool { abs(edge - crop) <= 20 && abs(edge - whole) > 20 }
        return near(box.left, rect.x, 0) || near(box.top, rect.y, 0) || near(box.right, rect.maxX, picture.width)
            || near(box.bottom, rect.maxY, picture.height)
    }
}
