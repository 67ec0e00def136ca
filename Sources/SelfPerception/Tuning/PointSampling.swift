import Imaging

/// Where the loss looks: many random points of which the most uncertain are taken, and some taken blindly (PointRend, as the
/// published recipe has it: 112·112 points, three times as many drawn, three quarters of them by uncertainty).
public struct PointSampling: Sendable, Codable, Equatable {
    public var points = 112 * 112
    public var oversample = 3.0
    public var uncertainShare = 0.75

    public init() {}

    /// - Parameters:
    ///   - logits: a map of `size`; uncertainty is −|logit|.
    ///   - generator: of this step; the points are a function of its state.
    public func points(
        in logits: UnsafePointer<Float>, size: PixelSize, using generator: inout SeededGenerator
    ) -> [SamplePoint] {
        let uncertain = Int((uncertainShare * Double(points)).rounded(.down))
        let drawn = max(uncertain, Int(oversample * Double(points)))
        var candidates: [(point: SamplePoint, distance: Float)] = []
        candidates.reserveCapacity(drawn)
        for _ in 0..<drawn {
            let point = SamplePoint(x: generator.unit(), y: generator.unit())
            candidates.append((point, abs(BilinearSample(point, size).value(of: logits))))
        }
        let limit = Self.smallest(uncertain, of: candidates.map(\.distance))
        var chosen: [SamplePoint] = []
        chosen.reserveCapacity(points)
        for candidate in candidates where candidate.distance < limit { chosen.append(candidate.point) }
        for candidate in candidates where candidate.distance == limit && chosen.count < uncertain { chosen.append(candidate.point) }
        while chosen.count < points { chosen.append(SamplePoint(x: generator.unit(), y: generator.unit())) }
        return chosen
    }

    /// The count-th smallest value, by counting the order-preserving bits of non-negative floats.
    private static func smallest(_ count: Int, of values: [Float]) -> Float {
        guard count > 0, count <= values.count else { return count > 0 ? .infinity : 0 }
        var prefix: UInt32 = 0, mask: UInt32 = 0, rank = count
        for shift in [16, 0] {
            var counts = [Int](repeating: 0, count: 1 << 16)
            for value in values where value.bitPattern & mask == prefix { counts[Int(value.bitPattern >> UInt32(shift) & 0xFFFF)] += 1 }
            var digit = 0
            while digit < counts.count - 1, rank > counts[digit] {
                rank -= counts[digit]
                digit += 1
            }
            prefix |= UInt32(digit) << UInt32(shift)
            mask |= 0xFFFF << UInt32(shift)
        }
        return Float(bitPattern: prefix)
    }
}
