import ArgumentParser
import Foundation
import Imaging
import Inspection
import SegmentAnything
import SelfPerception
import Service

struct SegmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segment",
        abstract: "Inspect one picture: a box, points, the regions of a file, or everything in it.",
        discussion: """
            Writes NAME.overlay.jpg and NAME.mask.png (0/255) and prints the defects. A prompt asks the model about the whole \
            picture, and all of its mask is shown and judged, outside a box too; regions are judged inside their shapes. Without a \
            prompt the whole picture is the box. Exit code 3: the picture fails or is up for review.

            A plain SAM (`flawd model info` says so) answers with its one pass, as published; SPT models draft and refine.

            --multimask: SAM's several masks for one ambiguous prompt instead, NAME.mask-1.png and so on, the highest \
            predicted IoU first. No verdict, exit code 0.

            --everything: SAM's automatic mask generator instead: a mask for whatever a grid of points finds. --json prints the \
            published list (COCO run-length codes), --masks writes each as NAME.mask-N.png. No verdict, exit code 0.
            """)

    @Argument(help: ArgumentHelp("JPEG file.", valueName: "image"))
    var image: String

    @Option(help: ArgumentHelp("Box prompt in pixels.", valueName: "x0,y0,x1,y1"))
    var box: BoxArgument?

    @Option(help: ArgumentHelp("Point prompt in pixels; label 1 foreground (default), 0 background; may be given several times.", valueName: "x,y[,label]"))
    var point: [PointArgument] = []

    @Option(help: ArgumentHelp("Region file (YAML) instead of a prompt.", valueName: "file"))
    var regions: String?

    @Option(help: "Whose regions to use; needed when the region file names several cameras.")
    var camera: String?

    @Flag(help: "SAM's several masks for the prompt, each with its predicted IoU, instead of a verdict.")
    var multimask = false

    @Flag(help: "Masks of everything in the picture, instead of a verdict.")
    var everything = false

    @OptionGroup(title: "Options of --everything") var everythingOptions: EverythingOptions

    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("Folder for the overlay and mask files; default: beside the picture's name, here.", valueName: "folder"))
    var out = "."

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if regions != nil, box != nil || !point.isEmpty { throw ValidationError("Give --regions, or --box and --point, not both.") }
        if camera != nil, regions == nil { throw ValidationError("--camera goes with --regions.") }
        if box == nil, !point.isEmpty, !point.contains(where: { $0.point.label == .foreground }) {
            throw ValidationError("Points alone need a foreground point (label 1).")
        }
        if multimask, everything { throw ValidationError("Give --multimask or --everything, not both.") }
        if multimask, regions != nil { throw ValidationError("--multimask goes with --box and --point, not with --regions.") }
        if everything, regions != nil || box != nil || !point.isEmpty {
            throw ValidationError("--everything asks about the whole picture: leave out --box, --point and --regions.")
        }
        if !everything, let option = everythingOptions.given.first { throw ValidationError("\(option) goes with --everything.") }
    }

    func run() async throws {
        let picture = try PictureFiles.read(image)
        let files = SegmentFiles(image: image, folder: out)
        if everything {
            return try EverythingSegmentation(settings: everythingOptions.settings(), writesMasks: everythingOptions.masks, json: json)
                .run(picture, files, try model.session())
        }
        if multimask {
            return try MultimaskSegmentation(prompt: prompt(in: picture.size), json: json).run(picture, files, try model.session())
        }
        let plan = try plan(for: picture.size)
        let session = try model.session()
        let inspector = Inspector(session: session)
        let result = inspector.inspect(picture, plan: plan)
        guard result.verdict != .uninspected else {
            throw InvalidInput("\(image): not inspected: \(result.detail ?? result.reason?.rawValue ?? "")")
        }
        let mask = try files.write(inspector.frameMask)
        OverlayPainter().paint(picture, plan: plan, result: result, mask: inspector.frameMask)
        let written = Files(overlay: try files.write(overlay: picture), mask: mask)
        if json {
            try printJSON(result, written)
        } else {
            for line in text(result, written, isRefined: session.model.hasRefinement) { Terminal.print(line) }
        }
        if result.verdict != .pass { throw ExitCode(3) }
    }

    private func plan(for size: PixelSize) throws -> InspectionPlan {
        guard let regions else { return InspectionPlan(asking: try prompt(in: size), frame: size) }
        let file = try RegionFile(path: regions)
        for warning in file.warnings { Terminal.printError("warning: \(warning)") }
        guard let name = camera ?? (file.cameras.count == 1 ? file.cameras[0] : nil) else {
            throw InvalidInput("\(regions): names the cameras \(file.cameras.joined(separator: ", ")); --camera says which")
        }
        guard let plan = file.plan(camera: name, frame: size) else {
            throw InvalidInput("\(regions): has no entry for the camera \(name), only for \(file.cameras.joined(separator: ", "))")
        }
        return plan
    }

    /// The prompt in pixels of the picture; a box that reaches beyond it is cut off at its edges.
    private func prompt(in size: PixelSize) throws -> Prompt {
        let right = Float(size.width), bottom = Float(size.height), points = point.map(\.point)
        let room = "the picture reaches from 0,0 to \(size.width),\(size.height)"
        if let point = points.first(where: { !(0...right).contains($0.x) || !(0...bottom).contains($0.y) }) {
            throw InvalidInput("\(image): the point \(point.x),\(point.y) lies outside; \(room)")
        }
        if box == nil, !points.isEmpty { return Prompt(points: points) }
        let box = box?.box ?? Prompt.Box(left: 0, top: 0, right: right, bottom: bottom)
        let cut = Prompt.Box(
            left: max(0, box.left), top: max(0, box.top), right: min(right, box.right), bottom: min(bottom, box.bottom))
        guard cut.left < cut.right, cut.top < cut.bottom else {
            throw InvalidInput("\(image): the box \(box.left),\(box.top),\(box.right),\(box.bottom) lies outside; \(room)")
        }
        return Prompt(points: points, box: cut)
    }

    private struct Files: Encodable {
        var overlay: String
        var mask: String
    }

    private func printJSON(_ result: FrameResult, _ files: Files) throws {
        struct Output: Encodable {
            var image: String
            var verdict: Verdict
            var regions: [Region]
            var files: Files
        }
        /// An event's region and the estimate that events leave out.
        struct Region: Encodable {
            enum CodingKeys: String, CodingKey { case predictedIoU = "predicted_iou" }
            var result: RegionResult
            var predictedIoU: Double?

            func encode(to encoder: any Encoder) throws {
                try result.encode(to: encoder)
                var values = encoder.container(keyedBy: CodingKeys.self)
                try values.encodeIfPresent(predictedIoU, forKey: .predictedIoU)
            }
        }
        let regions = result.regions.map { Region(result: $0, predictedIoU: result.predictedIoU[$0.name]) }
        let output = Output(image: image, verdict: result.verdict, regions: regions, files: files)
        try Terminal.printJSON(output)
    }

    private func text(_ result: FrameResult, _ files: Files, isRefined: Bool) -> [String] {
        var lines = ["\(image): \(result.verdict.rawValue)"]
        for region in result.regions {
            let agreement = isRefined ? "agreement \(fixed(region.agreement, 2))" : "no refine pass"
            let estimate = result.predictedIoU[region.name].map { ", predicted IoU \(fixed($0, 3))" } ?? ""
            lines.append("  \(region.name): \(region.verdict.rawValue), score \(fixed(region.score, 3)), \(agreement)\(estimate)")
            for reason in region.because { lines.append("    because \(reason)") }
            for (index, defect) in region.defects.enumerated() {
                let area = defect.areaMm2.map { "\(fixed($0, 3)) mm²" } ?? "\(defect.areaPx) px"
                lines.append("    defect \(index + 1): box \(defect.box), area \(area), score \(fixed(defect.score, 3))")
            }
        }
        return lines + ["  overlay \(files.overlay)", "  mask    \(files.mask)"]
    }
}
