#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Imaging

/// How one defect is laid on another picture.
struct TransplantDraw: Equatable {
    var flipsHorizontally: Bool
    var flipsVertically: Bool
    /// Clockwise, in degrees.
    var angle: Double
    var scale: Double
    /// Where it lies in the room that it has, 0…1 along each axis.
    var place: SIMD2<Double>
    /// How much of the difference to the surface is kept: below 1 a defect is fainter than it was.
    var strength: Float

    /// The most that a defect is turned, in degrees: further, and its grain would lie across that of the surface, which no defect's does.
    static let mostAngle = 15.0
    static let scales = 0.7...1.4
    static let strengths: ClosedRange<Float> = 0.75...1

    init(using random: inout SeededGenerator) {
        flipsHorizontally = random.chance(0.5)
        flipsVertically = random.chance(0.5)
        angle = Self.mostAngle * random.between(-1...1)
        scale = random.between(Self.scales)
        place = SIMD2(random.between(0...1), random.between(0...1))
        strength = random.uniform(Self.strengths)
    }

    /// From continuous pixels of the donor to those of the host: flipped, turned and resized about the middle of the defect's
    /// box, so that the box lies inside the host.
    ///
    /// A defect that ends at the donor's border goes on behind it: it is laid at the border that faces the same way, as wide as
    /// the host where it goes from border to border, and is not turned askew.
    func map(_ box: PixelRect, of donor: PixelSize, to host: PixelSize) -> AffineMap {
        let touches = (left: box.x <= 0, right: box.maxX >= donor.width, top: box.y <= 0, bottom: box.maxY >= donor.height)
        let isAt = (
            left: flipsHorizontally ? touches.right : touches.left, right: flipsHorizontally ? touches.left : touches.right,
            top: flipsVertically ? touches.bottom : touches.top, bottom: flipsVertically ? touches.top : touches.bottom
        )
        let isFree = !isAt.left && !isAt.right && !isAt.top && !isAt.bottom
        let sides = SIMD2(Double(box.width), Double(box.height)), room = SIMD2(Double(host.width), Double(host.height))
        let radians = isFree ? angle * .pi / 180 : 0
        /// Of the box around the turned one.
        func extent(_ sides: SIMD2<Double>) -> SIMD2<Double> {
            let (c, s) = (abs(cos(radians)), abs(sin(radians)))
            return SIMD2(sides.x * c + sides.y * s, sides.x * s + sides.y * c)
        }
        let drawn = extent(sides * scale), fitted = scale * min(1, room.x / drawn.x, room.y / drawn.y)
        let factors = SIMD2(
            isAt.left && isAt.right ? room.x / sides.x : fitted, isAt.top && isAt.bottom ? room.y / sides.y : fitted)
        let half = extent(sides * factors) / 2
        func middle(_ half: Double, _ room: Double, _ place: Double, _ low: Bool, _ high: Bool) -> Double {
            low ? half : high ? room - half : half + place * max(0, room - 2 * half)
        }
        return AffineMap.shift(-Double(box.x) - Double(box.width) / 2, -Double(box.y) - Double(box.height) / 2)
            .then(.scale(flipsHorizontally ? -factors.x : factors.x, flipsVertically ? -factors.y : factors.y)).then(.rotation(degrees: isFree ? angle : 0, around: SIMD2(0, 0)))
            .then(.shift(middle(half.x, room.x, place.x, isAt.left, isAt.right), middle(half.y, room.y, place.y, isAt.top, isAt.bottom)))
    }
}
