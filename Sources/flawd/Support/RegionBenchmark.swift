import Imaging
import SelfPerception
import Service

/// What `flawd bench --region` measures: how long it takes where only what a region touches is encoded.
struct RegionReport: Encodable {
    /// x, y, width, height.
    var region: [Int]
    /// Windows that were encoded, of all, and their share of the tokens.
    var windows: Int
    var allWindows: Int
    var share: Double
    var milliseconds: Double
    /// Of the time that encoding everything takes for the same answer.
    var ofWhole: Double
    /// Against the answer after encoding everything; nil where none was asked for.
    var agreement: Agreement?

    /// Within the region.
    struct Agreement: Encodable {
        var maskIoU: Double
        /// Share of pixels that are in both masks or in neither.
        var pixels: Double
        /// Regions' scores.
        var score: Double
        var wholeScore: Double
    }

    var lines: [String] {
        var lines = [
            "region \(region.map(String.init).joined(separator: ",")): \(windows) of \(allWindows) windows, \(fixed(100 * share, 1))% of the tokens: \(fixed(milliseconds, 1)) ms, \(fixed(ofWhole, 3)) of the whole"
        ]
        if let agreement {
            lines.append(
                "agreement with encoding the whole, inside the region: mask IoU \(fixed(agreement.maskIoU, 4)), pixels \(fixed(100 * agreement.pixels, 2))%, score \(fixed(agreement.score, 4)) instead of \(fixed(agreement.wholeScore, 4))")
        }
        return lines
    }

    /// - Throws: ``InvalidInput`` where a region does not lie on a picture, or the model cannot leave anything out.
    static func check(_ rect: PixelRect, on picture: PixelSize, model: String, windows: Int) throws {
        guard PixelRect(picture).intersection(rect) == rect else {
            throw InvalidInput("--region: \(rect.width)×\(rect.height) at \(rect.x),\(rect.y) does not lie on the \(picture) pixels of the picture")
        }
        guard windows > 1 else {
            throw InvalidInput("--region: \(model) has no windows that could be left out; SAM's vision transformers (ViT-B, L, H) have")
        }
    }
}
