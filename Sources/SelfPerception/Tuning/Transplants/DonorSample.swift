import Imaging

/// The four pixels around a point and their weights, held at the picture's border.
struct DonorSample {
    private let places: SIMD4<Int32>
    private let weights: SIMD4<Float>

    init(_ point: SIMD2<Double>, _ size: PixelSize) {
        let x = max(0, min(Float(size.width - 1), Float(point.x) - 0.5)), y = max(0, min(Float(size.height - 1), Float(point.y) - 0.5))
        let column = Int32(x), row = Int32(y), width = Int32(size.width), u = x - Float(column), v = y - Float(row)
        let right = min(column + 1, width - 1), below = min(row + 1, Int32(size.height) - 1)
        places = SIMD4(row * width + column, row * width + right, below * width + column, below * width + right)
        weights = SIMD4((1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v)
    }

    func value(of map: [Float]) -> Float {
        (weights * SIMD4(map[Int(places[0])], map[Int(places[1])], map[Int(places[2])], map[Int(places[3])])).sum()
    }

    func value(of mask: [UInt8]) -> Float {
        (weights * SIMD4(Float(mask[Int(places[0])]), Float(mask[Int(places[1])]), Float(mask[Int(places[2])]), Float(mask[Int(places[3])]))).sum()
    }

    func value(of image: RGBImage, _ channel: Int) -> Float {
        let bytes = image.bytes
        func level(_ index: Int) -> Float { Float(bytes[3 * Int(places[index]) + channel]) }
        return (weights * SIMD4(level(0), level(1), level(2), level(3))).sum()
    }
}
