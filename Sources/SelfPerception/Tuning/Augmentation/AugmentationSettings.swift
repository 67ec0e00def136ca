/// How a picture is varied before a tuning step. The defaults are the published recipe: large-scale jitter and a flip.
public struct AugmentationSettings: Sendable, Codable, Equatable {
    /// Large-scale jitter (Ghiasi et al., "Simple copy-paste", CVPR 2021): the picture is resized by a factor from this range,
    /// relative to the model's own input, then cropped at a random place or padded at right and bottom.
    public var scale: ClosedRange<Double> = 0.1...2
    /// A crop is placed so that it holds some of the defect.
    public var keepsDefect = true
    /// The chance that left and right are exchanged.
    public var horizontalFlip = 0.5
    /// The chance that top and bottom are exchanged; 0.5 where a part may lie either way.
    public var verticalFlip = 0.0
    /// The chance of a turn by 90°, 180° or 270°; 0.75 where a part may lie any way.
    public var quarterTurn = 0.0
    /// The most that a picture is turned either way, in degrees; 5 to 10 forgives a part that lies askew.
    public var rotation = 0.0
    /// The most that is added or taken, in levels of 0…255; 20 stands for a lamp that ages.
    public var brightness = 0.0
    /// The most that differences from the middle level grow or shrink, as a share; 0.2 is good.
    public var contrast = 0.0
    /// The most that ln γ departs from 0; 0.2 is good.
    public var gamma = 0.0
    /// The largest standard deviation of gray noise, in levels; 4 is a camera at high gain.
    public var noise = 0.0
    /// The largest standard deviation of a Gaussian blur, in pixels of the model's input; 1 is a lens slightly out of focus.
    public var blur = 0.0

    public init() {}

    /// Nothing is changed.
    public static var none: AugmentationSettings {
        var settings = AugmentationSettings()
        settings.scale = 1...1
        settings.horizontalFlip = 0
        return settings
    }

    /// Every change at the value that its description calls good.
    public static var thorough: AugmentationSettings {
        var settings = AugmentationSettings()
        settings.verticalFlip = 0.5
        settings.quarterTurn = 0.75
        settings.rotation = 10
        settings.brightness = 20
        settings.contrast = 0.2
        settings.gamma = 0.2
        settings.noise = 4
        settings.blur = 1
        return settings
    }

    /// What is wrong with a setting and what would be right; nil where nothing is.
    public var problem: String? {
        func share(_ name: String, _ value: Double) -> String? {
            (0...1).contains(value) ? nil : "\(name) is \(value); a chance from 0 to 1 is expected"
        }
        func bounded(_ name: String, _ value: Double, _ most: Double) -> String? {
            (0...most).contains(value) ? nil : "\(name) is \(value); 0 to \(most) is expected"
        }
        if !(scale.lowerBound >= 0.01 && scale.upperBound <= 100) { return "scale is \(scale); factors from 0.01 to 100 are expected" }
        return share("horizontalFlip", horizontalFlip) ?? share("verticalFlip", verticalFlip) ?? share("quarterTurn", quarterTurn)
            ?? bounded("rotation", rotation, 180) ?? bounded("brightness", brightness, 255) ?? bounded("contrast", contrast, 1)
            ?? bounded("gamma", gamma, 3) ?? bounded("noise", noise, 100) ?? bounded("blur", blur, 20)
    }
}
