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
        abstract: "Inspect one picture: a box, points, or the regions of a file.",
        discussion: """
            Writes NAME.overlay.jpg and NAME.mask.png (0/255) and prints the defects. Without a prompt the whole picture is \
            the box. Exit code 3: the picture fails or is up for review.
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
    }

    func run() async throws {
        let picture = RGBImage()
        do {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: image))
            try bytes.withUnsafeBytes { try JPEGDecoder().decode($0, into: picture) }
        } catch let error as ImagingError {
            throw InvalidInput("\(image): \(error)")
        } catch {
            throw InvalidInput("\(image): \(error.localizedDescription)")
        }
        let plan = try plan(for: picture.size)
        let inspector = Inspector(session: try model.session())
        let result = inspector.inspect(picture, plan: plan)
        guard result.verdict != .uninspected else {
            throw InvalidInput("\(image): not inspected: \(result.detail ?? result.reason?.rawValue ?? "")")
        }
        let files = try write(picture, plan, result, inspector.frameMask)
        if json {
            try printJSON(result, files)
        } else {
            for line in text(result, files) { Terminal.print(line) }
        }
        if result.verdict != .pass { throw ExitCode(3) }
    }

    private func plan(for size: PixelSize) throws -> InspectionPlan {
        if let regions {
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
        return try promptPlan(for: size)
    }

    /// The prompt as a region: a command line is no other road through the model than a region file.
    private func promptPlan(for size: PixelSize) throws -> InspectionPlan {
        var region = "name: prompt, view: frame"
        if let box = box?.box {
            region += ", shape: {box: [\(box.left), \(box.top), \(box.right), \(box.bottom)]}"
        } else {
            region += ", shape: {frame: true}"
        }
        region += ", prompt: \(box == nil && !point.isEmpty ? "points" : "box")"
        if !point.isEmpty {
            region += ", points: [\(point.map { "[\($0.point.x), \($0.point.y), \($0.point.label.rawValue)]" }.joined(separator: ", "))]"
        }
        let yaml = """
            version: 1
            cameras:
              picture:
                reference_size: [\(size.width), \(size.height)]
                regions:
                  - {\(region)}
            """
        do {
            guard let plan = try RegionFile(yaml: yaml, name: "prompt").plan(camera: "picture", frame: size) else {
                throw InvalidInput("\(image): the prompt does not fit a picture of \(size)")
            }
            return plan
        } catch let error as FileError {
            throw InvalidInput("\(image) (\(size)): \(error.findings.map(\.problem).joined(separator: "; "))")
        }
    }

    private struct Files: Encodable {
        var overlay: String
        var mask: String
    }

    private func write(
        _ picture: RGBImage, _ plan: InspectionPlan, _ result: FrameResult, _ mask: BinaryMask
    ) throws -> Files {
        let name = URL(fileURLWithPath: image).deletingPathExtension().lastPathComponent
        let files = Files(overlay: "\(out)/\(name).overlay.jpg", mask: "\(out)/\(name).mask.png")
        do {
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
            var gray: [UInt8] = []
            mask.mono8(into: &gray)
            try PNGFile.writeGray(gray, size: mask.size, path: files.mask)
            OverlayPainter().paint(picture, plan: plan, result: result, mask: mask)
            try Data(JPEGEncoder().encode(picture)).write(to: URL(fileURLWithPath: files.overlay))
        } catch let error as ImagingError {
            throw InvalidInput("\(error)")
        } catch {
            throw InvalidInput("\(out): \(error.localizedDescription)")
        }
        return files
    }

    private func printJSON(_ result: FrameResult, _ files: Files) throws {
        struct Output: Encodable {
            var image: String
            var verdict: Verdict
            var regions: [RegionResult]
            var files: Files
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let output = Output(image: image, verdict: result.verdict, regions: result.regions, files: files)
        Terminal.print(String(decoding: try encoder.encode(output), as: UTF8.self))
    }

    private func text(_ result: FrameResult, _ files: Files) -> [String] {
        var lines = ["\(image): \(result.verdict.rawValue)"]
        for region in result.regions {
            lines.append("  \(region.name): \(region.verdict.rawValue), score \(fixed(region.score, 3)), agreement \(fixed(region.agreement, 2))")
            for reason in region.because { lines.append("    because \(reason)") }
            for (index, defect) in region.defects.enumerated() {
                let area = defect.areaMm2.map { "\(fixed($0, 3)) mm²" } ?? "\(defect.areaPx) px"
                lines.append("    defect \(index + 1): box \(defect.box), area \(area), score \(fixed(defect.score, 3))")
            }
        }
        return lines + ["  overlay \(files.overlay)", "  mask    \(files.mask)"]
    }
}
