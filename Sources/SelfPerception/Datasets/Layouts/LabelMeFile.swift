import Foundation
import Imaging

/// One picture's annotation by LabelMe.
///
/// Source: wkentaro/labelme, its label file's keys and the meaning of its shapes' points.
struct LabelMeFile: Decodable {
    let imagePath: String
    let imageWidth: Int?
    let imageHeight: Int?
    let shapes: [Shape]

    struct Shape: Decodable {
        let label: String
        let points: [[Double]]
        let shapeType: String?
        /// Base64 of a PNG that covers the rectangle of the two points, for shapes of the type "mask".
        let mask: String?

        enum CodingKeys: String, CodingKey {
            case label, points, mask
            case shapeType = "shape_type"
        }
    }

    /// The size that the file states; nil where it states none.
    var size: PixelSize? {
        guard let width = imageWidth, let height = imageHeight else { return nil }
        return PixelSize(width: width, height: height)
    }
}

extension LabelMeFile.Shape {
    /// - Parameter size: the picture's size as the file states it, for masks.
    /// - Throws: ``ShapeProblem`` for a shape without an inside, or of too few points.
    func truth(size: PixelSize?) throws(ShapeProblem) -> TruthShape {
        var places: [SIMD2<Double>] = []
        for point in points {
            guard point.count == 2 else { throw ShapeProblem(text: "a point of \(point.count) numbers; x and y are expected") }
            places.append(SIMD2(point[0], point[1]))
        }
        let type = shapeType ?? "polygon"
        func corners() throws(ShapeProblem) -> (SIMD2<Double>, SIMD2<Double>) {
            guard places.count == 2 else { throw ShapeProblem(text: "a \(type) of \(places.count) points; 2 are expected") }
            return (places[0], places[1])
        }
        switch type {
        case "polygon": return try .polygon(checking: places)
        // Turned rectangles, and plain ones of later versions, have four corners.
        case "rectangle" where places.count == 4, "oriented_rectangle": return try .polygon(checking: places)
        case "rectangle":
            let (a, b) = try corners()
            return try .polygon(checking: [a, SIMD2(b.x, a.y), b, SIMD2(a.x, b.y)])
        case "circle":
            let (centre, edge) = try corners()
            return try .circle(checking: centre, edge: edge)
        case "mask":
            let (corner, _) = try corners()
            return try pixels(at: corner, in: size)
        default:
            throw ShapeProblem(text: "a shape of the type \"\(type)\"; polygon, rectangle, circle and mask have an inside")
        }
    }

    private func pixels(at corner: SIMD2<Double>, in size: PixelSize?) throws(ShapeProblem) -> TruthShape {
        guard let size, (try? ImageLimits().check(size)) != nil else {
            throw ShapeProblem(text: "a mask in a file without a usable imageWidth and imageHeight")
        }
        guard let data = mask.flatMap({ Data(base64Encoded: $0) }) else {
            throw ShapeProblem(text: "a mask whose pixels are no base64")
        }
        guard let x = Int(exactly: corner.x.rounded()), let y = Int(exactly: corner.y.rounded()) else {
            throw ShapeProblem(text: "a mask at (\(corner.x), \(corner.y)), which is no place in a picture")
        }
        let decoded: Result<(size: PixelSize, pixels: [UInt8]), ImagingError> = data.withUnsafeBytes { bytes in
            Result { () throws(ImagingError) in try PNGFile.decodeGray(bytes) }
        }
        switch decoded {
        case .failure(let error): throw ShapeProblem(text: "a mask: \(error)")
        case .success(let png):
            var mask = BinaryMask(width: png.size.width, height: png.size.height)
            for index in png.pixels.indices where png.pixels[index] > 0 { mask.pixels[index] = 1 }
            return .runLength(RunLengthCode(mask, atX: x, y: y, in: size))
        }
    }
}
