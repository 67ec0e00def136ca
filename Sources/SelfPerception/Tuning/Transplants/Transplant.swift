import Imaging

/// One defect on its way to another picture.
///
/// A pixel v of the host becomes v + k·α(g·u − v), with u the donor's pixel that comes to lie there, k the drawn strength and g the
/// ratio of the host's mean level to the donor's around the defect, so that lit and dark parts exchange defects. α is 1 on the
/// defect and `core` pixels around it, whose shade is its own, and falls to 0 at `reach`.
struct Transplant {
    private let donor: RGBImage
    private let truth: BinaryMask
    private let distance: MaskDistance
    private let toDonor: AffineMap
    private let strength: Float
    /// Of the host: all that may change, and the surroundings that the tone is taken from.
    private let frame: PixelRect

    /// In pixels of the donor.
    static let core: Float = 1.5
    static let reach: Float = 5
    static let surroundings: Float = 8

    /// nil where nothing is marked, or the host is empty.
    init?(_ donor: RGBImage, truth: BinaryMask, draw: TransplantDraw, host: PixelSize) {
        guard let outline = TruthOutline(truth), host.area > 0 else { return nil }
        let box = PixelRect(
            x: Int(outline.box.left), y: Int(outline.box.top), width: Int(outline.box.right - outline.box.left) + 1,
            height: Int(outline.box.bottom - outline.box.top) + 1)
        let map = draw.map(box, of: donor.size, to: host), margin = Double(Self.reach + Self.surroundings)
        let left = Double(box.x) - margin, top = Double(box.y) - margin, right = Double(box.maxX) + margin, bottom = Double(box.maxY) + margin
        var low = SIMD2(Double.infinity, .infinity), high = -low
        for corner in [SIMD2(left, top), SIMD2(right, top), SIMD2(left, bottom), SIMD2(right, bottom)] {
            low = pointwiseMin(low, map(corner))
            high = pointwiseMax(high, map(corner))
        }
        let x = Int(max(0, low.x.rounded(.down))), y = Int(max(0, low.y.rounded(.down)))
        let maxX = Int(min(Double(host.width), high.x.rounded(.up))), maxY = Int(min(Double(host.height), high.y.rounded(.up)))
        guard x < maxX, y < maxY else { return nil }
        frame = PixelRect(x: x, y: y, width: maxX - x, height: maxY - y)
        self.donor = donor
        self.truth = truth
        distance = MaskDistance(truth)
        toDonor = map.inverse
        strength = draw.strength
    }

    /// - Returns: where the defect lies now: what it covers by half or more, a pixel at least.
    func apply(to image: RGBImage) -> BinaryMask {
        var framed = BinaryMask(width: image.width, height: image.height)
        let gain = gain(on: image)
        var most: (cover: Float, place: Int)?
        forEachPixel { x, y, sample in
            let place = y * image.width + x, cover = sample.value(of: truth.pixels)
            if cover > 0.5 { framed.pixels[place] = 1 }
            if cover > most?.cover ?? -1 { most = (cover, place) }
            let share = strength * max(0, min(1, (Self.reach - sample.value(of: distance.values)) / (Self.reach - Self.core)))
            guard share > 0 else { return }
            for channel in 0..<3 {
                let value = Float(image.bytes[3 * place + channel]), laid = gain[channel] * sample.value(of: donor, channel)
                image.bytes[3 * place + channel] = UInt8(max(0, min(255, value + share * (laid - value) + 0.5)))
            }
        }
        if framed.area == 0, let most { framed.pixels[most.place] = 1 }
        return framed
    }

    /// What the donor's levels are multiplied by; within a factor of two, beyond which noise would be all that is seen.
    private func gain(on image: RGBImage) -> SIMD4<Float> {
        var here = SIMD4<Float>(repeating: 0), there = here
        forEachPixel { x, y, sample in
            let distance = sample.value(of: distance.values)
            guard distance > Self.reach, distance <= Self.reach + Self.surroundings else { return }
            for channel in 0..<3 {
                here[channel] += Float(image.bytes[3 * (y * image.width + x) + channel])
                there[channel] += sample.value(of: donor, channel)
            }
        }
        var gain = SIMD4<Float>(repeating: 1)
        for channel in 0..<3 where there[channel] > 0 { gain[channel] = max(0.5, min(2, here[channel] / there[channel])) }
        return gain
    }

    /// The frame's pixels that the donor covers.
    private func forEachPixel(_ body: (_ x: Int, _ y: Int, _ sample: DonorSample) -> Void) {
        for y in frame.y..<frame.maxY {
            for x in frame.x..<frame.maxX {
                let point = toDonor(SIMD2(Double(x) + 0.5, Double(y) + 0.5))
                guard point.x >= 0, point.y >= 0, point.x < Double(donor.width), point.y < Double(donor.height) else { continue }
                body(x, y, DonorSample(point, donor.size))
            }
        }
    }
}
