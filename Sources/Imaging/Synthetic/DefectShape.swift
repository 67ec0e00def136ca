/// The outline of a flaw as a signed distance, in pixels: negative inside, positive outside.
enum DefectShape {
    /// Line pieces, each with a half-width at either end.
    case line([LineKnot])
    /// A closed outline r(θ) around a centre, in a frame stretched by its two radii.
    case blob(Blob)

    struct LineKnot {
        var point: SIMD2<Float>
        var halfWidth: Float
    }

    /// r(θ) = 1 + Σₖ aₖ cos kθ + bₖ sin kθ for k = 2, 3, …, the unit circle being the ellipse of the radii.
    struct Blob {
        var centre: SIMD2<Float>
        /// Direction of the long axis, a unit vector.
        var axis: SIMD2<Float>
        var radii: SIMD2<Float>
        var waves: [SIMD2<Float>]
    }

    /// The rectangle outside which no pixel is nearer than `margin` to the shape, in whole pixels; unclipped.
    func frame(margin: Float) -> PixelRect {
        var low = SIMD2<Float>(repeating: .greatestFiniteMagnitude), high = -low
        switch self {
        case .line(let knots):
            for knot in knots {
                low = pointwiseMin(low, knot.point - knot.halfWidth)
                high = pointwiseMax(high, knot.point + knot.halfWidth)
            }
        case .blob(let blob):
            let reach = blob.reach
            low = blob.centre - reach
            high = blob.centre + reach
        }
        low = (low - margin).rounded(.down)
        high = (high + margin).rounded(.up)
        return PixelRect(
            x: Int(low.x), y: Int(low.y), width: Int(high.x - low.x) + 1, height: Int(high.y - low.y) + 1)
    }

    /// Signed distances of the pixels of `frame`, row by row; those farther than `margin` may be larger than true.
    func distances(in frame: PixelRect, margin: Float) -> [Float] {
        var field = [Float](repeating: .greatestFiniteMagnitude, count: frame.size.area)
        switch self {
        case .line(let knots):
            for (from, to) in zip(knots, knots.dropFirst()) {
                Self.draw(from, to, margin: margin, frame: frame, into: &field)
            }
        case .blob(let blob):
            for y in 0..<frame.height {
                for x in 0..<frame.width {
                    field[y * frame.width + x] = blob.distance(SIMD2(Float(frame.x + x), Float(frame.y + y)))
                }
            }
        }
        return field
    }

    /// Distance to a segment less the half-width at the nearest point of it; the field keeps the smaller value.
    private static func draw(
        _ from: LineKnot, _ to: LineKnot, margin: Float, frame: PixelRect, into field: inout [Float]
    ) {
        guard let part = DefectShape.line([from, to]).frame(margin: margin).intersection(frame) else { return }
        let run = to.point - from.point
        let square = max((run * run).sum(), 1e-6)
        for y in part.y..<part.maxY {
            for x in part.x..<part.maxX {
                let offset = SIMD2(Float(x), Float(y)) - from.point
                let along = max(0, min(1, (offset * run).sum() / square))
                let gap = offset - run * along
                let halfWidth = from.halfWidth + (to.halfWidth - from.halfWidth) * along
                let distance = (gap * gap).sum().squareRoot() - halfWidth
                let place = (y - frame.y) * frame.width + x - frame.x
                field[place] = min(field[place], distance)
            }
        }
    }
}

extension DefectShape.Blob {
    /// No point of the outline is farther than this from the centre.
    var reach: Float {
        var sum: Float = 1
        for wave in waves { sum += abs(wave.x) + abs(wave.y) }
        return sum * max(radii.x, radii.y)
    }

    /// The point in the frame of the ellipse, where the blob without waves is the unit circle.
    func local(_ point: SIMD2<Float>) -> SIMD2<Float> {
        let offset = point - centre
        return SIMD2(
            (offset * axis).sum() / radii.x, (offset.y * axis.x - offset.x * axis.y) / radii.y)
    }

    /// Distance to the outline along the ray from the centre. It is never less than the true distance, so a
    /// rim cut off at this distance is never wider than promised.
    func distance(_ point: SIMD2<Float>) -> Float {
        let place = local(point)
        let radius = (place * place).sum().squareRoot()
        guard radius > 1e-4 else { return -min(radii.x, radii.y) }
        // cos kθ and sin kθ by the recurrence of the rotation by θ.
        let turn = place / radius
        var wave = turn, outline: Float = 1
        for amplitude in waves {
            wave = SIMD2(wave.x * turn.x - wave.y * turn.y, wave.x * turn.y + wave.y * turn.x)
            outline += (amplitude * wave).sum()
        }
        let offset = point - centre
        return (offset * offset).sum().squareRoot() * (1 - outline / radius)
    }
}
