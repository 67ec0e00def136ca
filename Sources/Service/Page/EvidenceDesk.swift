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

    /// The frames that were asked about last: a limit that is dragged asks again and again.
    private struct Cache: Sendable {
        var camera: String
        var region: String
        var frames: [Measured]
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
        /// Pixels of a frame for each of the size that the region was drawn on.
        var areaScale: Double

        enum CodingKeys: String, CodingKey {
            case frames
            case areaScale = "area_scale"
        }
    }

    func evidence(camera: String, region: String) throws -> Evidence {
        let frames = try measured(camera: camera, region: region, isFresh: true), marks = try marks(of: frames)
        let size = frames.lazy.compactMap(\.frame).first
        let scale = LimitTrial(regions.current, camera: camera, region: region, frame: size)?.areaScale ?? 1
        return Evidence(frames: frames.map { frame in
            .init(
                seq: frame.seq, score: frame.result.score, area: frame.result.defects.map(\.areaPx).max() ?? 0, verdict: frame.result.verdict,
                truth: marks[frame.seq]?.truth)
        }, areaScale: scale)
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
        let tried = try RegionFile(camera: camera, entry: entry, name: "regions"), frames = try measured(camera: camera, region: region, isFresh: false)
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
    private func measured(camera: String, region: String, isFresh: Bool) throws -> [Measured] {
        if !isFresh, let cache = cache.read({ $0 }), cache.camera == camera, cache.region == region { return cache.frames }
        guard regions.current.document(of: camera)?.regions.contains(where: { $0.name == region }) ?? false else {
            throw PageRefusal(.notFound, "camera \(camera.shownInMessage) has no region \(region.shownInMessage)")
        }
        var query = JournalReader.Query(), frames: [Measured] = []
        query.exactCamera = camera
        query.verdicts = [Verdict.pass.rawValue, Verdict.review.rawValue, Verdict.fail.rawValue]
        query.limit = Self.mostFrames
        query.isNewest = true
        let decoder = JSONDecoder(), reader = try review.journal.reader()
        func take(_ record: JournalRecord) {
            guard let event = try? decoder.decode(RegionsOnly.self, from: Data(record.json)), let result = event.regions.first(where: { $0.name == region }) else { return }
            var measured = Measured(
                seq: record.seq, result: result, frame: result.defects.first?.segmentation.size,
                othersPass: event.regions.allSatisfy { $0.name == region || $0.verdict == .pass })
            // Where a defect lies is not judged.
            for index in measured.result.defects.indices { measured.result.defects[index].segmentation = RunLengthCode(size: .init(width: 0, height: 0), counts: "") }
            frames.append(measured)
        }
        try reader.forEach(query, take)
        frames.reverse()
        // Somebody's work of this morning counts, however many frames there have been since.
        query.marked = Set(JournalMark.Truth.allCases)
        query.before = frames.last?.seq
        let recent = frames
        frames = []
        try reader.forEach(query, take)
        frames = recent + frames.reversed()
        cache.update { $0 = Cache(camera: camera, region: region, frames: frames) }
        return frames
    }

    private struct RegionsOnly: Decodable { var regions: [RegionResult] }
}
