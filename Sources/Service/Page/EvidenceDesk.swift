import Foundation
import Imaging
import Inspection
import SelfPerception
import Streaming

/// What a region measured on recent frames, and what other limits would have made of it.
///
/// May wait for the journal: not on one of Swift's threads.
final class EvidenceDesk: Sendable {
    static let mostFrames = 5000

    private struct Measured: Sendable {
        var seq: UInt64
        var result: RegionResult
        var frame: PixelSize?
        /// Whether the part would have got through but for this region.
        var othersPass: Bool
    }

    /// Frames that can be judged together: one model judged them, by a region that was drawn and shown to it in one way. Limits may differ.
    private struct Evident: Sendable {
        var frames: [Measured] = []
        /// Of the frames that were looked at, those that another model or another drawing judged.
        var leftOut = 0
    }

    /// The frames that were asked about last: a limit that is dragged asks again and again.
    private struct Cache: Sendable {
        var camera: String
        var region: String
        var evident: Evident
    }

    private let review: ReviewDesk
    private let regions: ReloadableFile<RegionFile>
    private let cache = Monitor<Cache?>(nil)

    init(review: ReviewDesk, regions: ReloadableFile<RegionFile>) {
        self.review = review
        self.regions = regions
    }

    struct Evidence: Encodable {
        struct Frame: Encodable {
            var seq: UInt64
            var score: Double
            /// Of the largest defect listed; 0: there is none.
            var area: Int
            var verdict: Verdict
            /// By a person; nil: nobody has looked.
            var truth: JournalMark.Truth?
        }

        /// The newest first, and after them marked ones that are older.
        var frames: [Frame]
        /// Of the frames that were looked at, those that another model or another drawing of the region judged.
        var leftOut: Int
        /// Pixels of a frame for each of the size that the region was drawn on.
        var areaScale: Double

        enum CodingKeys: String, CodingKey {
            case frames
            case leftOut = "left_out"
            case areaScale = "area_scale"
        }
    }

    func evidence(camera: String, region: String) throws -> Evidence {
        let evident = try measured(camera: camera, region: region, isFresh: true), frames = evident.frames, marks = try marks(of: frames)
        let size = frames.lazy.compactMap(\.frame).first
        let scale = LimitTrial(regions.current, camera: camera, region: region, frame: size)?.areaScale ?? 1
        return Evidence(frames: frames.map { frame in
            .init(
                seq: frame.seq, score: frame.result.score, area: frame.result.defects.map(\.areaPx).max() ?? 0, verdict: frame.result.verdict,
                truth: marks[frame.seq]?.truth)
        }, leftOut: evident.leftOut, areaScale: scale)
    }

    struct Outcome: Encodable {
        struct Rate: Encodable {
            var count: Int
            var of: Int
            /// Clopper and Pearson, 95%.
            var interval: BinomialInterval
        }

        var frames: Int
        var verdicts: [String: Int]
        /// Parts marked defective that would have passed: this region lets them, and all others did.
        var escapes: Rate
        /// Parts marked good that it would not have.
        var overkill: Rate
    }

    /// - Parameter entry: JSON with the keys of a camera's entry: the one with other limits.
    /// - Throws: `FileError`, `PageRefusal`.
    func outcome(camera: String, region: String, entry: [UInt8]) throws -> Outcome {
        let tried = try RegionFile(camera: camera, entry: entry, name: "regions"), frames = try measured(camera: camera, region: region, isFresh: false).frames
        guard let trial = LimitTrial(tried, camera: camera, region: region, frame: frames.lazy.compactMap(\.frame).first) else {
            throw PageRefusal(.badRequest, "no region is named \(region.shownInMessage)")
        }
        let marks = try marks(of: frames)
        var verdicts: [String: Int] = [:], escapes = (0, 0), overkill = (0, 0)
        for frame in frames {
            let verdict = trial.verdict(of: frame.result)
            verdicts[verdict.rawValue, default: 0] += 1
            switch marks[frame.seq]?.truth {
            case .defective: escapes = (escapes.0 + (verdict == .pass && frame.othersPass ? 1 : 0), escapes.1 + 1)
            case .good: overkill = (overkill.0 + (verdict == .pass ? 0 : 1), overkill.1 + 1)
            case nil: break
            }
        }
        func rate(_ count: (Int, Int)) -> Outcome.Rate { .init(count: count.0, of: count.1, interval: BinomialInterval(count.0, of: count.1)) }
        return Outcome(frames: frames.count, verdicts: verdicts, escapes: rate(escapes), overkill: rate(overkill))
    }

    private func marks(of frames: [Measured]) throws -> [UInt64: JournalMark] {
        let wanted = Set(frames.map(\.seq))
        return try review.journal.reader().marks().filter { wanted.contains($0.key) }
    }

    /// - Parameter isFresh: what came since the last time is wanted, too.
    private func measured(camera: String, region: String, isFresh: Bool) throws -> Evident {
        if !isFresh, let cache = cache.read({ $0 }), cache.camera == camera, cache.region == region { return cache.evident }
        guard let drawing = Drawing(regions.current, camera: camera, region: region) else {
            throw PageRefusal(.notFound, "camera \(camera.shownInMessage) has no region \(region.shownInMessage)")
        }
        var query = JournalReader.Query(), found: [(model: String?, measured: Measured)] = [], leftOut = 0
        query.exactCamera = camera
        query.verdicts = [Verdict.pass.rawValue, Verdict.review.rawValue, Verdict.fail.rawValue]
        query.limit = Self.mostFrames
        query.isNewest = true
        let decoder = JSONDecoder(), reader = try review.journal.reader(), files = try review.journal.reader()
        var isAlike: [String: Bool] = [regions.current.revision: true]
        func take(_ record: JournalRecord) throws {
            guard let revision = record.regions else { return }
            if isAlike[revision] == nil {
                let file = try files.regionFile(revision: revision).flatMap { try? RegionFile(bytes: $0, name: "regions") }
                isAlike[revision] = file.flatMap { Drawing($0, camera: camera, region: region) } == drawing
            }
            guard isAlike[revision] == true else {
                leftOut += 1
                return
            }
            guard let event = try? decoder.decode(RegionsOnly.self, from: Data(record.json)), let result = event.regions.first(where: { $0.name == region }) else { return }
            var measured = Measured(
                seq: record.seq, result: result, frame: result.defects.first?.segmentation.size,
                othersPass: event.regions.allSatisfy { $0.name == region || $0.verdict == .pass })
            // Where a defect lies is not judged.
            for index in measured.result.defects.indices { measured.result.defects[index].segmentation = RunLengthCode(size: .init(width: 0, height: 0), counts: "") }
            found.append((record.model, measured))
        }
        try reader.forEach(query, take)
        // What the newest frame was judged by.
        let model = found.last?.model
        var recent = Array(found.reversed())
        // Somebody's work of this morning counts, however many frames there have been since.
        query.marked = Set(JournalMark.Truth.allCases)
        query.before = recent.last?.measured.seq
        found = []
        try reader.forEach(query, take)
        recent += found.reversed()
        let frames = recent.filter { $0.model == model }.map(\.measured), evident = Evident(frames: frames, leftOut: leftOut + recent.count - frames.count)
        cache.update { $0 = Cache(camera: camera, region: region, evident: evident) }
        return evident
    }

    /// A region but for its limits: what decides what the model answers.
    private struct Drawing: Equatable {
        var shape: RegionDocument.Shape
        var prompt: String
        var points: [[Double]]?
        var grid: RegionDocument.Grid?
        var view: String
        var referenceSize: [Int]?
        var encode: String?

        /// nil: the file has no such region.
        init?(_ file: RegionFile, camera: String, region name: String) {
            guard let entry = file.document(of: camera), let region = entry.regions.first(where: { $0.name == name }) else { return nil }
            (shape, prompt, points, grid, view) = (region.shape, region.prompt, region.points, region.grid, region.view)
            (referenceSize, encode) = (entry.referenceSize, entry.encode)
        }
    }

    private struct RegionsOnly: Decodable { var regions: [RegionResult] }
}
