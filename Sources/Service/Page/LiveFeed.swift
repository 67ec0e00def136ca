import Foundation
import Hummingbird
import Inspection
import Streaming

/// What one browser is told of the line, a piece at a time: only what changed since the last piece, and of a camera only the newest frame, so
/// that a browser that reads slowly sees fewer frames and holds up nothing.
struct LiveFeed {
    /// Between two pieces.
    static let interval = Duration.milliseconds(125)
    /// A stream ends after this time and the browser asks for the next: shorter than what an answer may take (`HTTPSettings.timeoutSeconds`).
    static let length = Duration.seconds(8)
    /// Figures that change slowly.
    private static let every = 8

    private let recent: RecentFrames
    private let monitor: HealthMonitor
    private let regions: ReloadableFile<RegionFile>
    private let wantsDraft: Bool
    private var versions: [String: UInt64] = [:]
    private var failureCount: UInt64 = 0
    private var round = 0

    init(recent: RecentFrames, monitor: HealthMonitor, regions: ReloadableFile<RegionFile>, wantsDraft: Bool) {
        self.recent = recent
        self.monitor = monitor
        self.regions = regions
        self.wantsDraft = wantsDraft
    }

    private struct Figures: Encodable {
        var station: StationState
        var detail: String
        var frames: HealthFrames
        var framesPerSecond: Double
        var latency: HealthReport.Latency?
        var cameras: [HealthCamera]
        var yield: [YieldChart.Span]
        var revision: String
        /// What is wrong with the region file on the disk; nil: it is the one in force.
        var problem: String?
    }

    /// The next piece, a JSON object; nil: nothing has changed.
    mutating func next() -> [UInt8]? {
        defer { round += 1 }
        if wantsDraft { recent.wantDraft() }
        var parts: [[UInt8]] = []
        let changed = recent.cameras.filter { versions[$0.name] != $0.version }
        if !changed.isEmpty {
            for camera in changed { versions[camera.name] = camera.version }
            parts.append(Self.list("cameras", changed.map(\.shown)))
        }
        let failures = recent.failures
        if failures.count > failureCount {
            parts.append(Self.list("failures", failures.last.suffix(Int(clamping: failures.count - failureCount)).reversed()))
            failureCount = failures.count
        }
        if round % Self.every == 0, let figures = figures() { parts.append(Array("\"figures\":".utf8) + figures) }
        guard !parts.isEmpty else { return nil }
        return [UInt8(ascii: "{")] + parts.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]
    }

    private func figures() -> [UInt8]? {
        let report = monitor.report()
        let figures = Figures(
            station: report.state, detail: report.detail, frames: report.frames, framesPerSecond: report.framesPerSecond, latency: report.latencyMs["total"],
            cameras: report.cameras, yield: recent.yield.spans, revision: regions.current.revision, problem: regions.problem.map { "the region file on the disk is not usable (\($0.prefix { !$0.isNewline }.prefix(300)))" })
        return (try? JSONEncoder().encode(figures)).map { [UInt8]($0) }
    }

    /// Events are written as they are published.
    private static func list(_ name: String, _ shown: [RecentFrames.Shown]) -> [UInt8] {
        var json = Array("\"\(name)\":[".utf8)
        for (index, one) in shown.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            json += Array("{\"hasPicture\":\(one.frame != nil),\"event\":".utf8) + one.event.json
            if let size = one.frame?.header.size { json += Array(",\"size\":[\(size.width),\(size.height)]".utf8) }
            if let draft = one.draft {
                json += Array(",\"draft\":".utf8) + ((try? JSONEncoder().encode(draft)).map { [UInt8]($0) } ?? Array("null".utf8))
            }
            json.append(UInt8(ascii: "}"))
        }
        json.append(UInt8(ascii: "]"))
        return json
    }
}
