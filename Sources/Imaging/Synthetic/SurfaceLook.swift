/// What distinguishes one ground part from the next before anything is wrong with it: light, grinding marks, edges.
///
/// The ranges follow photographs of magnetic tiles under a line camera: mean gray 50 to 190, vertical grinding marks
/// with bright dashes in some columns, light falling off to the sides, soft dark clouds.
struct SurfaceLook: Sendable {
    /// Mean gray level, 0 … 255.
    var brightness: Float
    /// Relative swing of the broad light over the frame.
    var lightSwing: Float
    /// Relative loss of light at the left and right border of the frame, from a curved part.
    var curvature: Float
    /// Where across the frame the light is strongest, 0 … 1.
    var lightCentre: Float
    /// Relative depth of the soft clouds (coolant marks, fingerprints).
    var clouds: Float
    /// Relative depth of the grinding marks.
    var grinding: Float
    /// Strength of the bright dashes along grinding marks.
    var glints: Float
    /// How much a long and a short grinding mark keep of themselves from one row to the next.
    var persistence: Float
    var shortPersistence: Float
    /// Standard deviation of the camera's noise, gray levels.
    var noise: Float
    /// The part's borders: how far each lies inside the frame, and how far it drifts over the frame's length. Pixels.
    var left: Border
    var right: Border
    var bottom: Border

    struct Border: Sendable {
        var inset: Float
        var slant: Float
        /// Width of the fall from surface to background.
        var softness: Float
    }

    /// - Parameter scale: pixels of the frame for one pixel of a 400 × 300 frame.
    init(scale: Float, using random: inout SeededGenerator) {
        brightness = random.uniform(62...150)
        lightSwing = random.uniform(0.08...0.26)
        curvature = random.uniform(0.05...0.40)
        lightCentre = random.uniform(0.35...0.65)
        clouds = random.uniform(0.01...0.06)
        grinding = random.uniform(0.05...0.13)
        glints = random.uniform(0.1...0.55)
        let rows = max(1, scale)
        persistence = 1 - random.uniform(0.005...0.03) / rows
        shortPersistence = 1 - random.uniform(0.15...0.4) / rows
        noise = random.uniform(1.5...4)
        left = Border(scale: scale, using: &random)
        right = Border(scale: scale, using: &random)
        bottom = Border(scale: scale, using: &random)
    }
}

extension SurfaceLook.Border {
    /// Half of the borders lie outside the frame, as when the camera's view ends on the part.
    init(scale: Float, using random: inout SeededGenerator) {
        let shows = random.chance(0.5)
        inset = (shows ? random.uniform(1...5) : random.uniform(-40 ... -25)) * scale
        slant = random.uniform(-3...3) * scale
        softness = random.uniform(2...7) * scale
    }
}
