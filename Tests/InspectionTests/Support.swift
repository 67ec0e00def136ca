import Imaging
import SegmentAnything
import SelfPerception
@testable import Inspection

/// A model whose answers are planted: a field of logits over the whole frame, or an answer per prompt.
final class FakeModel: Perceiving {
    /// What the model says of a displayed rectangle and a prompt, on `grid` cells.
    var answer: (_ displayed: PixelRect, _ prompt: Prompt) -> Perception
    private(set) var displays: [PixelRect] = []
    private(set) var asked: [[Prompt]] = []

    init(answer: @escaping (_ displayed: PixelRect, _ prompt: Prompt) -> Perception) { self.answer = answer }

    func display(_ image: RGBImage, rect: PixelRect, where isNeeded: ((PixelRect) -> Bool)?) { displays.append(rect) }

    func ask(_ prompts: [Prompt]) -> [Perception] {
        asked.append(prompts)
        guard let shown = displays.last else { return [] }
        return prompts.map { answer(shown, $0) }
    }

    /// Samples one function of the frame's coordinates at the centres of the grid's cells, for every prompt.
    static func field(grid: PixelSize, _ logit: @escaping (_ x: Double, _ y: Double) -> Float) -> FakeModel {
        FakeModel { rect, _ in
            let map = LogitMap.sampled(grid: grid) { u, v in
                logit(Double(rect.x) + u * Double(rect.width), Double(rect.y) + v * Double(rect.height))
            }
            return Perception(draft: map, refined: map)
        }
    }

    /// The same draft and refined maps for every prompt.
    static func constant(draft: LogitMap, refined: LogitMap) -> FakeModel {
        FakeModel { _, _ in Perception(draft: draft, refined: refined) }
    }
}

extension LogitMap {
    /// u and v run from 0 to 1 over the grid.
    static func sampled(grid: PixelSize, _ logit: (_ u: Double, _ v: Double) -> Float) -> LogitMap {
        var values: [Float] = []
        for row in 0..<grid.height {
            for column in 0..<grid.width {
                values.append(logit((Double(column) + 0.5) / Double(grid.width), (Double(row) + 0.5) / Double(grid.height)))
            }
        }
        return LogitMap(size: grid, values: values)
    }

    static func flat(_ logit: Float, grid: PixelSize = PixelSize(width: 16, height: 16)) -> LogitMap {
        LogitMap(size: grid, values: [Float](repeating: logit, count: grid.area))
    }
}

/// SplitMix64: the same numbers in every run.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// A region file with one camera, `cam`, drawn on 640×480 unless told otherwise.
func file(_ regions: String..., size: String? = "[640, 480]", pixelsPerMm: String? = nil) throws -> RegionFile {
    var text = "version: 1\ncameras:\n  cam:\n"
    if let size { text += "    reference_size: \(size)\n" }
    if let pixelsPerMm { text += "    pixels_per_mm: \(pixelsPerMm)\n" }
    text += "    regions:\n"
    for region in regions { text += "      - {\(region)}\n" }
    return try RegionFile(yaml: text, name: "regions.yaml")
}

func plan(_ file: RegionFile, _ width: Int = 640, _ height: Int = 480) -> InspectionPlan {
    guard let plan = file.plan(camera: "cam", frame: PixelSize(width: width, height: height)) else {
        preconditionFailure("the test's own file has no camera `cam`")
    }
    return plan
}

func image(_ width: Int = 640, _ height: Int = 480) -> RGBImage { RGBImage(width: width, height: height) }

/// The file of the design, word for word where it matters.
let designFile = """
    version: 1
    cameras:
      line1/top:                       # exact name, or a prefix ending in *
        reference_size: [640, 480]     # the frame size the shapes were drawn on; other frame sizes are scaled
        pixels_per_mm: 12.5            # optional: lets limits be given in mm
        regions:
          - name: seal
            shape: {box: [40, 60, 600, 420]}
            prompt: points
            points: [[120, 90, 1]]
            view: crop
            limits: {fail_score: 0.6, review_score: 0.4, min_area_px: 12, max_defects: 0, max_area_mm2: 0.3, min_agreement: 0.3}
    """
