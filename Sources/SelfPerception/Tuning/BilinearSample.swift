import Imaging

/// A place in a map whose sides are 1 long.
public struct SamplePoint: Sendable, Equatable {
    public var x: Float
    public var y: Float

    public init(x: Float, y: Float) {
        self.x = x
        self.y = y
    }
}

/// The four values around a point and their weights; outside a map everything is 0 (PyTorch's `grid_sample`, bilinear,
/// `align_corners=False`, zero padding).
struct BilinearSample {
    private let corner: (x: Int, y: Int)
    private let share: (x: Float, y: Float)
    private let size: PixelSize

    @inline(__always)
    init(_ point: SamplePoint, _ size: PixelSize) {
        let x = point.x * Float(size.width) - 0.5, y = point.y * Float(size.height) - 0.5
        let left = x.rounded(.down), top = y.rounded(.down)
        corner = (Int(left), Int(top))
        share = (x - left, y - top)
        self.size = size
    }

    @inline(__always)
    private func forEach(_ body: (_ index: Int, _ weight: Float) -> Void) {
        for dy in 0...1 {
            let y = corner.y + dy
            guard y >= 0, y < size.height else { continue }
            let vertical = dy == 0 ? 1 - share.y : share.y
            for dx in 0...1 {
                let x = corner.x + dx
                guard x >= 0, x < size.width else { continue }
                body(y * size.width + x, vertical * (dx == 0 ? 1 - share.x : share.x))
            }
        }
    }

    @inline(__always)
    func value(of map: UnsafePointer<Float>) -> Float {
        var sum: Float = 0
        forEach { sum += map[$0] * $1 }
        return sum
    }

    @inline(__always)
    func add(_ value: Float, to map: UnsafeMutablePointer<Float>) {
        forEach { map[$0] += value * $1 }
    }
}
