import Foundation
import Imaging
import Inspection
import Streaming

/// Writes marked frames as `flawd tune` reads them: the published layout, `train/SEQ.jpg` and, of defective parts, their mask `train/SEQ.png`.
/// A frame that came as JPEG is kept byte for byte.
struct DatasetExport {
    struct Report: Sendable, Encodable {
        struct Skipped: Sendable, Encodable {
            var seq: UInt64
            var problem: String
        }

        var folder: String
        var good = 0
        var defective = 0
        var skipped: [Skipped] = []
    }

    private(set) var report: Report
    private let limits: ImageLimits

    /// - Throws: `PageRefusal` when the folder is there already or cannot be made.
    init(folder: String, limits: ImageLimits) throws {
        self.limits = limits
        report = Report(folder: folder)
        guard !FileManager.default.fileExists(atPath: folder) else { throw PageRefusal(.conflict, "\(folder) is there already; choose another name") }
        do { try FileManager.default.createDirectory(atPath: "\(folder)/train", withIntermediateDirectories: true) } catch {
            throw PageRefusal(.conflict, "\(folder) cannot be made: \(error.localizedDescription); the configuration's http.exports names a folder that flawd may write")
        }
    }

    mutating func skip(_ seq: UInt64, _ problem: String) { report.skipped.append(.init(seq: seq, problem: problem)) }

    /// - Throws: `PageRefusal` when there is no truth to write, or what reading and writing throw.
    mutating func add(_ mark: JournalMark, _ event: VerdictEvent, _ frame: IncomingFrame) throws {
        let image = RGBImage()
        try FrameDecoder(limits: limits).decode(frame, into: image)
        var mask = BinaryMask(width: image.width, height: image.height)
        if mark.truth == .defective {
            if mark.outlines.isEmpty {
                for defect in event.regions.flatMap(\.defects) { mask.formUnion(with: try defect.segmentation.mask(limits: limits)) }
            } else {
                for outline in mark.outlines { mask.fill(polygon: outline.map { SIMD2($0[0], $0[1]) }) }
            }
            guard mask.pixels.contains(where: { $0 != 0 }) else {
                throw PageRefusal(.conflict, "the verdict outlines no defect: draw one around it")
            }
        }
        let stem = "\(report.folder)/train/\(mark.seq)"
        let picture = frame.header.codec == .jpeg ? frame.payload.withBytes { [UInt8]($0) } : try JPEGEncoder(quality: 95, chroma: .full).encode(image)
        if mark.truth == .defective { try PNGFile.writeGray(mask.pixels.map { $0 == 0 ? 0 : 255 }, size: mask.size, path: stem + ".png") }
        try Data(picture).write(to: URL(fileURLWithPath: stem + ".jpg"))
        if mark.truth == .good { report.good += 1 } else { report.defective += 1 }
    }
}
