/// Which prompts a model is tuned with. The defaults are the published ones, boxes and points drawn from the truth; what a
/// line adds, good parts and empty boxes that ask for an empty mask, is settable.
public struct PromptSettings: Sendable, Codable, Equatable {
    /// How often each kind is drawn, relative to the others: the tight box, k foreground points, both, the whole picture.
    public var box = 1.0
    public var points = 1.0
    public var mixed = 0.0
    public var whole = 0.0
    /// How many points; each number is equally likely.
    public var pointCount: ClosedRange<Int> = 1...10
    /// The most that each side of a box is moved either way, as a share of the box's side, though never by more than
    /// ``mostJitter`` pixels of the input; 0.1 is what SAM was trained with.
    public var boxJitter = 0.0
    public var mostJitter = 20.0
    /// How much longer than the defect a box is made along each axis, as a share; 0…0.5 is how an operator draws.
    public var looseness: ClosedRange<Double> = 0...0
    /// The share of boxes that are neither loosened nor jittered: the first and last column and row of the defect.
    public var tightBoxes = 0.0
    /// The share of defective pictures that are asked about a box without a defect; 0.1 is good.
    public var emptyBoxes = 0.0
    /// How often a good part is asked about, relative to each other: a random box, the whole picture, one of ``regions``.
    public var goodBox = 1.0
    public var goodWhole = 1.0
    public var goodRegion = 0.0
    /// Boxes that a line inspects, as shares of the picture's sides.
    public var regions: [RelativeBox] = []
    /// How long the sides of random boxes are, as shares of the picture's.
    public var randomSide: ClosedRange<Double> = 0.05...0.8

    public init() {}

    /// Left, top, right and bottom from 0 to 1.
    public struct RelativeBox: Sendable, Codable, Equatable {
        public var left: Double
        public var top: Double
        public var right: Double
        public var bottom: Double

        public init(left: Double, top: Double, right: Double, bottom: Double) {
            self.left = left
            self.top = top
            self.right = right
            self.bottom = bottom
        }
    }

    /// For a line: boxes are drawn loosely and jittered, whole pictures are asked about, and some boxes are empty.
    public static var line: PromptSettings {
        var settings = PromptSettings()
        settings.mixed = 0.25
        settings.whole = 0.5
        settings.boxJitter = 0.1
        settings.looseness = 0...0.5
        settings.emptyBoxes = 0.1
        return settings
    }

    /// What is wrong with a setting and what would be right; nil where nothing is.
    public var problem: String? {
        let kinds = [box, points, mixed, whole], goodKinds = [goodBox, goodWhole, goodRegion]
        if !(kinds.allSatisfy { $0 >= 0 && $0.isFinite } && kinds.contains { $0 > 0 }) {
            return "box, points, mixed and whole are \(kinds); none may be negative and one must be above 0"
        }
        if !(goodKinds.allSatisfy { $0 >= 0 && $0.isFinite } && goodKinds.contains { $0 > 0 }) {
            return "goodBox, goodWhole and goodRegion are \(goodKinds); none may be negative and one must be above 0"
        }
        if goodRegion > 0, regions.isEmpty { return "goodRegion is \(goodRegion), but there are no regions" }
        if pointCount.lowerBound < 1 || pointCount.upperBound > 100 { return "pointCount is \(pointCount); 1 to 100 points are expected" }
        if !(0...0.5).contains(boxJitter) { return "boxJitter is \(boxJitter); a share from 0 to 0.5 is expected" }
        if !(mostJitter >= 0) { return "mostJitter is \(mostJitter); pixels from 0 are expected" }
        if !(looseness.lowerBound >= 0 && looseness.upperBound <= 10) { return "looseness is \(looseness); shares from 0 to 10 are expected" }
        if !(0...1).contains(tightBoxes) { return "tightBoxes is \(tightBoxes); a share from 0 to 1 is expected" }
        if !(0...1).contains(emptyBoxes) { return "emptyBoxes is \(emptyBoxes); a share from 0 to 1 is expected" }
        if !(randomSide.lowerBound > 0 && randomSide.upperBound <= 1) { return "randomSide is \(randomSide); shares above 0 up to 1 are expected" }
        for region in regions where !(region.left >= 0 && region.left < region.right && region.right <= 1 && region.top >= 0 && region.top < region.bottom && region.bottom <= 1) {
            return "the region \(region) is none; left < right and top < bottom from 0 to 1 are expected"
        }
        return nil
    }
}
