import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception

struct AutomaticMaskTests {
    private func settings(_ published: [String: Double]) -> AutomaticMaskSettings {
        var settings = AutomaticMaskSettings()
        for (key, value) in published {
            switch key {
            case "points_per_side": settings.pointsPerSide = Int(value)
            case "pred_iou_thresh": settings.predIoUThresh = value
            case "stability_score_thresh": settings.stabilityScoreThresh = value
            case "stability_score_offset": settings.stabilityScoreOffset = value
            case "box_nms_thresh": settings.boxNMSThresh = value
            case "crop_n_layers": settings.cropNLayers = Int(value)
            case "crop_nms_thresh": settings.cropNMSThresh = value
            case "crop_overlap_ratio": settings.cropOverlapRatio = value
            case "crop_n_points_downscale_factor": settings.cropNPointsDownscaleFactor = Int(value)
            case "min_mask_region_area": settings.minMaskRegionArea = Int(value)
            default: Issue.record("unknown setting \(key)")
            }
        }
        return settings
    }

    @Test(arguments: [0, 1])
    func everything_IsThePublishedList(_ which: Int) throws {
        let published = try PublishedSAM.read().everything[which]
        let image = PublishedSAM.picture(PixelSize(width: 300, height: 190))
        let generator = try AutomaticMaskGenerator(session: try PublishedSAM.session(), settings: settings(published.settings))
        var steps: [(Int, Int)] = []
        let masks = try generator.generate(image) { steps.append(($0, $1)) }
        #expect(steps.last.map { $0.0 == $0.1 } == true)
        try #require(masks.count == published.masks.count && masks.count > 1)
        for (index, (mask, expected)) in zip(masks, published.masks).enumerated() {
            #expect(mask.bbox == expected.bbox, "mask \(index)")
            #expect([[mask.point.x, mask.point.y]] == expected.point_coords, "mask \(index)")
            #expect([mask.cropBox.x, mask.cropBox.y, mask.cropBox.width, mask.cropBox.height] == expected.crop_box, "mask \(index)")
            #expect(try mask.segmentation.mask().iou(with: expected.segmentation.mask()) > 0.999, "mask \(index)")
            #expect(mask.area == (try mask.segmentation.area()))
            #expect(abs(mask.predictedIoU - expected.predicted_iou) < 1e-3 && abs(mask.stabilityScore - expected.stability_score) < 1e-3)
        }
    }

    /// `generate_crop_boxes((190, 300), 2, 512 / 1500)` of segment-anything 1.0: count, and some of the boxes as x0, y0, x1, y1.
    @Test func crops_AreThePublishedOnes() {
        let crops = MaskCrop.crops(of: PixelSize(width: 300, height: 190), layers: 2, overlapRatio: 512.0 / 1500)
        #expect(crops.count == 21)
        func box(_ index: Int) -> [Int] {
            let rect = crops[index].rect
            return [rect.x, rect.y, rect.maxX, rect.maxY]
        }
        #expect(box(0) == [0, 0, 300, 190])
        #expect(box(1) == [0, 0, 182, 127] && box(2) == [0, 63, 182, 190] && box(3) == [118, 0, 300, 127])
        #expect(box(5) == [0, 0, 99, 72] && box(20) == [201, 120, 300, 190])
        #expect(crops.map(\.layer) == [0] + [Int](repeating: 1, count: 4) + [Int](repeating: 2, count: 16))
    }

    @Test func tinyPicture_HasNoEmptyCrops() {
        for crop in MaskCrop.crops(of: PixelSize(width: 5, height: 2), layers: 5, overlapRatio: 0.3) {
            #expect(crop.rect.size.area > 0 && crop.rect.maxX <= 5 && crop.rect.maxY <= 2)
        }
    }

    @Test func points_AreSpreadEvenly() {
        let crop = MaskCrop(rect: PixelRect(x: 9, y: 9, width: 100, height: 40), layer: 0)
        #expect(crop.points(perSide: 2).map { [$0.x, $0.y] } == [[25, 10], [75, 10], [25, 30], [75, 30]])
        #expect(crop.points(perSide: 1).map { [$0.x, $0.y] } == [[50, 20]])
    }

    @Test func masksCutByACrop_AreRecognised_AtThePicturesEdgeNot() {
        let crop = MaskCrop(rect: PixelRect(x: 0, y: 100, width: 200, height: 100), layer: 1), size = PixelSize(width: 400, height: 300)
        func cuts(_ left: Int, _ top: Int, _ right: Int, _ bottom: Int) -> Bool {
            crop.cuts(MaskBox(left: left, top: top, right: right, bottom: bottom), of: size)
        }
        #expect(!cuts(0, 130, 150, 170))
        #expect(cuts(50, 119, 150, 170) && !cuts(50, 121, 150, 170))
        #expect(cuts(50, 130, 180, 170) && !cuts(50, 130, 179, 170))
        #expect(cuts(50, 130, 150, 185))
    }

    @Test func suppression_KeepsTheBest_AndTheFirstOfEquals() {
        func box(_ x: Int) -> MaskBox { MaskBox(left: x, top: 0, right: x + 100, bottom: 50) }
        let boxes = [box(0), box(5), box(200), box(203), MaskBox(left: 7, top: 7, right: 7, bottom: 7)]
        #expect(suppress(boxes, scores: [0.5, 0.9, 0.7, 0.7, 0.1], threshold: 0.7) == [1, 2, 4])
        #expect(suppress(boxes, scores: [0.5, 0.9, 0.7, 0.7, 0.1], threshold: 0.95) == [1, 2, 3, 0, 4])
        #expect(suppress([], scores: [], threshold: 0.5).isEmpty)
    }

    private func mask(_ rows: [String]) -> BinaryMask {
        var mask = BinaryMask(width: rows[0].count, height: rows.count)
        mask.pixels = rows.joined().map { $0 == "#" ? 1 : 0 }
        return mask
    }

    @Test func smallRegions_HolesAreFilled_IslandsGo_TheLargestStays() {
        var small = SmallRegions()
        var ring = mask(["#####..", "#...#..", "#.#.#.#", "#...#..", "#####.."])
        #expect(small.remove(from: &ring, below: 9) == true)
        #expect(ring == mask(["#####..", "#####..", "#####..", "#####..", "#####.."]))
        var whole = ring
        #expect(small.remove(from: &whole, below: 10) == false && whole == ring)
        var crumbs = mask(["#......", ".......", "..##...", ".......", "......#"])
        #expect(small.remove(from: &crumbs, below: 3) == true)
        #expect(crumbs == mask([".......", ".......", "..##...", ".......", "......."]))
    }

    @Test func settings_ThatCannotBe_AreRefusedByName() throws {
        func problem(_ change: (inout AutomaticMaskSettings) -> Void) -> String {
            var settings = AutomaticMaskSettings()
            change(&settings)
            return settings.problem ?? ""
        }
        #expect(AutomaticMaskSettings().problem == nil)
        #expect(problem { $0.pointsPerSide = 0 }.contains("points-per-side must be from 1 to 128, not 0"))
        #expect(problem { $0.predIoUThresh = .nan }.contains("pred-iou-thresh"))
        #expect(problem { $0.stabilityScoreThresh = 1.5 }.contains("stability-score-thresh"))
        #expect(problem { $0.boxNMSThresh = -1 }.contains("box-nms-thresh"))
        #expect(problem { $0.cropNLayers = 6 }.contains("crop-n-layers"))
        #expect(problem { $0.cropOverlapRatio = 1 }.contains("crop-overlap-ratio"))
        #expect(problem { $0.minMaskRegionArea = -1 }.contains("min-mask-region-area"))
        let thin = problem {
            $0.cropNLayers = 2
            $0.cropNPointsDownscaleFactor = 8
        }
        #expect(thin.contains("leaves no point for crop layer 2"))
        var settings = AutomaticMaskSettings()
        settings.pointsPerSide = 1000
        let session = try PublishedSAM.session()
        #expect(throws: MaskGenerationError.self) { try AutomaticMaskGenerator(session: session, settings: settings) }
    }
}
