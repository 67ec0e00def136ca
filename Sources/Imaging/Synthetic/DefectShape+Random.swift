/// Shapes drawn at random from a kind's ranges.
extension DefectShape {
    /// - Parameters:
    ///   - side: the length in pixels that the range's fractions refer to.
    ///   - region: where the shape is placed; a shape larger than it is cut off by the caller.
    static func random(
        _ kind: DefectKind, range: DefectRange, side: Float, within region: PixelRect,
        using random: inout SeededGenerator
    ) -> DefectShape {
        let extent = max(1, min(4, random.uniform(range.extent)) * side)
        switch kind {
        case .scratch:
            let halfWidth = max(0.6, random.uniform(range.width) * side / 2)
            return line(length: extent, halfWidth: halfWidth, bend: 0.035, jag: 0.03, within: region, using: &random)
        case .crack:
            let halfWidth = max(0.6, random.uniform(range.width) * side / 2)
            return line(length: extent, halfWidth: halfWidth, bend: 0.06, jag: 0.55, within: region, using: &random)
        case .pit, .stain:
            let long = max(0.8, extent / 2)
            let short = max(0.8, long * random.uniform(range.width))
            let amplitude: Float = kind == .pit ? 0.14 : 0.34
            let waves = (2...(kind == .pit ? 5 : 9)).map { k in
                SIMD2(random.signed(), random.signed()) * (amplitude / Float(k))
            }
            var blob = Blob(
                centre: .zero, axis: random.direction(), radii: SIMD2(long, short), waves: waves)
            blob.centre = place(reach: SIMD2(repeating: blob.reach), within: region, using: &random)
            return .blob(blob)
        }
    }

    /// A walk of steps that turns by `bend` per step, always the same way, and by up to `jag` either way.
    static func line(
        length: Float, halfWidth: Float, bend: Float, jag: Float, within region: PixelRect,
        using random: inout SeededGenerator
    ) -> DefectShape {
        let steps = max(2, Int(min(length, 240) / 5))
        let step = length / Float(steps)
        var heading = random.direction()
        // Along the grinding marks a thin line is one mark more. Flaws that nobody could tell prove nothing.
        if abs(heading.x) < 0.35 { heading = SIMD2(heading.y, heading.x) }
        let curl = bend * random.signed()
        var knots: [LineKnot] = []
        var point = SIMD2<Float>.zero
        for index in 0...steps {
            // Thinner towards the ends, and never quite even.
            let fromMiddle = abs(2 * Float(index) / Float(steps) - 1)
            let taper = 1 - 0.6 * fromMiddle * fromMiddle * fromMiddle
            knots.append(LineKnot(point: point, halfWidth: max(0.5, halfWidth * taper * (1 + jag * random.signed()))))
            let turn = curl + jag * random.signed()
            let side = SIMD2(-heading.y, heading.x)
            let turned = heading + side * turn
            heading = turned / (turned * turned).sum().squareRoot()
            point += heading * step
        }
        var low = SIMD2<Float>.zero, high = SIMD2<Float>.zero
        for knot in knots {
            low = pointwiseMin(low, knot.point)
            high = pointwiseMax(high, knot.point)
        }
        let middle = (low + high) / 2
        let centre = place(reach: (high - low) / 2 + halfWidth, within: region, using: &random)
        for index in knots.indices { knots[index].point += centre - middle }
        return .line(knots)
    }

    /// A centre from which a shape of half-size `reach` stays in the region; the region's own where it cannot.
    private static func place(
        reach: SIMD2<Float>, within region: PixelRect, using random: inout SeededGenerator
    ) -> SIMD2<Float> {
        let low = SIMD2(Float(region.x), Float(region.y)) + reach
        let high = SIMD2(Float(region.maxX - 1), Float(region.maxY - 1)) - reach
        let share = SIMD2(random.unit(), random.unit())
        let spread = high - low
        let middle = (low + high) / 2
        return SIMD2(
            spread.x > 0 ? low.x + spread.x * share.x : middle.x.rounded(),
            spread.y > 0 ? low.y + spread.y * share.y : middle.y.rounded())
    }
}
