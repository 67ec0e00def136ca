import Foundation
import Imaging

/// The changes of light and sharpness that were drawn for one step.
///
/// A level v of 0…255 becomes 255 · (v/255)^γ, then 127.5 + (1 + contrast)(v − 127.5) + brightness, held within 0…255; then
/// the blur, then the noise.
struct ToneDraw: Equatable, Sendable {
    var brightness = 0.0
    var contrast = 0.0
    var gamma = 1.0
    var noise = 0.0
    var blur = 0.0
    /// Where the noise begins.
    private var seed: UInt64 = 0

    init() {}

    init(_ settings: AugmentationSettings, seed: UInt64, step: Int) {
        var random = SeededGenerator(seed: seed, step: step, for: .photometry)
        brightness = settings.brightness * random.between(-1...1)
        contrast = settings.contrast * random.between(-1...1)
        gamma = exp(settings.gamma * random.between(-1...1))
        noise = settings.noise * random.between(0...1)
        blur = settings.blur * random.between(0...1)
        self.seed = random.next()
    }

    var isIdentity: Bool { brightness == 0 && contrast == 0 && gamma == 1 && noise == 0 && blur < 0.1 }

    /// - Parameter pixels: `side · side · 3` levels, changed.
    func apply(to pixels: UnsafeMutablePointer<Float>, side: Int) {
        if brightness != 0 || contrast != 0 || gamma != 1 { applyCurve(pixels, count: side * side * 3) }
        // A narrower bell has no weight beyond its own pixel.
        if blur >= 0.1 { applyBlur(pixels, side: side) }
        if noise > 0 { applyNoise(pixels, count: side * side) }
    }

    private func applyCurve(_ pixels: UnsafeMutablePointer<Float>, count: Int) {
        // Four entries a level; between them the curve is straight to far less than a level.
        let curve = (0...1024).map { index -> Float in
            let level = 255 * pow(min(255, Double(index) / 4) / 255, gamma)
            return Float(min(255, max(0, 127.5 + (1 + contrast) * (level - 127.5) + brightness)))
        }
        curve.withUnsafeBufferPointer { curve in
            for index in 0..<count {
                let place = max(0, min(255, pixels[index])) * 4, low = Int(place), share = place - Float(low)
                pixels[index] = curve[low] * (1 - share) + curve[min(low + 1, 1024)] * share
            }
        }
    }

    private func applyBlur(_ pixels: UnsafeMutablePointer<Float>, side: Int) {
        let reach = max(1, Int((3 * blur).rounded(.up)))
        var weights = (-reach...reach).map { Float(exp(-0.5 * Double($0 * $0) / (blur * blur))) }
        let sum = weights.reduce(0, +)
        for index in weights.indices { weights[index] /= sum }
        let line = side * 3
        withUnsafeTemporaryAllocation(of: Float.self, capacity: side * line) { copy in
            guard let rows = copy.baseAddress else { return }
            for y in 0..<side {
                let target = rows + y * line
                target.update(repeating: 0, count: line)
                for (tap, weight) in weights.enumerated() {
                    let source = pixels + min(side - 1, max(0, y + tap - reach)) * line
                    for index in 0..<line { target[index] += source[index] * weight }
                }
            }
            for y in 0..<side {
                let source = rows + y * line, target = pixels + y * line
                target.update(repeating: 0, count: line)
                for (tap, weight) in weights.enumerated() {
                    let shift = tap - reach
                    for x in 0..<side {
                        let from = 3 * min(side - 1, max(0, x + shift))
                        target[3 * x] += source[from] * weight
                        target[3 * x + 1] += source[from + 1] * weight
                        target[3 * x + 2] += source[from + 2] * weight
                    }
                }
            }
        }
    }

    /// One value for all channels of a pixel: a gray camera's picture stays gray. Four uniform parts of one random number
    /// add up to nearly a normal variable of variance 4/12.
    private func applyNoise(_ pixels: UnsafeMutablePointer<Float>, count: Int) {
        var random = SeededGenerator(seed: seed)
        let scale = Float(noise * 3.0.squareRoot()) / 65536
        for pixel in 0..<count {
            let bits = random.next()
            let sum = Float(bits & 0xFFFF) + Float(bits >> 16 & 0xFFFF) + Float(bits >> 32 & 0xFFFF) + Float(bits >> 48)
            let change = (sum - 2 * 65535) * scale
            for channel in 0..<3 {
                pixels[3 * pixel + channel] = max(0, min(255, pixels[3 * pixel + channel] + change))
            }
        }
    }
}
