import Imaging

/// What was drawn for one step; the picture that it is applied to may be of any size.
struct AugmentationDraw: Equatable, Sendable {
    var scale = 1.0
    var flipsHorizontally = false
    var flipsVertically = false
    /// Turns by 90° clockwise.
    var quarterTurns = 0
    /// Clockwise, in degrees.
    var angle = 0.0
    /// Where a crop lies in the room that it has, 0…1 along each axis.
    var crop = SIMD2(0.0, 0.0)
    /// Which of the defect's pixels a crop must hold, 0…1 through all of them in rows; nil where that is left to chance.
    var keeps: Double?
    var tone = ToneDraw()

    init() {}

    init(_ settings: AugmentationSettings, seed: UInt64, step: Int) {
        var random = SeededGenerator(seed: seed, step: step, for: .geometry)
        // Every value is drawn, used or not: a setting that changes leaves the others' draws as they were.
        scale = random.between(settings.scale)
        flipsHorizontally = random.chance(settings.horizontalFlip)
        flipsVertically = random.chance(settings.verticalFlip)
        let turns = 1 + random.below(3)
        quarterTurns = random.chance(settings.quarterTurn) ? turns : 0
        angle = settings.rotation * random.between(-1...1)
        crop = SIMD2(random.between(0...1), random.between(0...1))
        let kept = random.between(0...1)
        keeps = settings.keepsDefect ? kept : nil
        tone = ToneDraw(settings, seed: seed, step: step)
    }

    /// Whether the picture comes out as the model would take it anyway.
    var isIdentity: Bool {
        scale == 1 && !flipsHorizontally && !flipsVertically && quarterTurns == 0 && angle == 0 && tone.isIdentity
    }
}
