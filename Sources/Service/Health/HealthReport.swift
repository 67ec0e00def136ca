import Foundation
import Inspection

/// Everything an operator asks of a running flawd, of one moment: `/status` over HTTP and `status/health` over ZeroMQ. Each field is explained in
/// `health.schema.json` (`flawd check --schema health`).
public struct HealthReport: Sendable, Codable, Equatable {
    public struct Model: Sendable, Codable, Equatable {
        public var path: String
        public var hash: String
    }

    public struct Regions: Sendable, Codable, Equatable {
        public var path: String
        public var revision: String
    }

    public struct Pipeline: Sendable, Codable, Equatable {
        public var workers: Int
        public var queuePerCamera: Int
        public var deadlineMs: Int?

        enum CodingKeys: String, CodingKey {
            case workers
            case queuePerCamera = "queue_per_camera"
            case deadlineMs = "deadline_ms"
        }
    }

    /// In milliseconds, of the last frames.
    public struct Latency: Sendable, Codable, Equatable {
        public var p50: Double
        public var p90: Double
        public var p99: Double
        public var max: Double
    }

    public struct Disk: Sendable, Codable, Equatable {
        public var freeBytes: Int64
        public var sizeBytes: Int64

        enum CodingKeys: String, CodingKey {
            case freeBytes = "free_bytes"
            case sizeBytes = "size_bytes"
        }
    }

    public struct Journal: Sendable, Codable, Equatable {
        /// nil: verdicts are not kept.
        public var path: String?
        public var epoch: String
        public var seq: UInt64
        public var durability: EventDurability
        public var failing: String?
        public var commitFailures: UInt64
        public var bytes: Int64?
        public var ballastBytes: Int64?
        public var disk: Disk?

        enum CodingKeys: String, CodingKey {
            case path, epoch, seq, durability, failing, bytes, disk
            case commitFailures = "commit_failures"
            case ballastBytes = "ballast_bytes"
        }
    }

    public struct Recording: Sendable, Codable, Equatable {
        public var folder: String
        public var stopped: Bool
        public var recorded: UInt64
        public var unrecorded: UInt64
        public var waitingBytes: Int
        public var disk: Disk?

        enum CodingKeys: String, CodingKey {
            case folder, stopped, recorded, unrecorded, disk
            case waitingBytes = "waiting_bytes"
        }
    }

    public var schemaVersion = 1
    public var type = "health"
    public var publishedUTCNs: Int64
    public var startedUTCNs: Int64
    public var uptimeSeconds: Double
    public var build: String
    public var state: StationState
    /// Why it is in that state; empty where the state says it all.
    public var detail: String
    /// What keeps it from being healthy; empty: it is.
    public var stalls: [String]
    /// What keeps it from being ready; empty: it is.
    public var hindrances: [String]
    public var model: Model
    public var regions: Regions
    public var pipeline: Pipeline
    public var frames: HealthFrames
    public var framesPerSecond: Double
    public var rejectedMessages: UInt64
    public var unpublishedEvents: UInt64
    /// By stage, and `total`; only of what was measured.
    public var latencyMs: [String: Latency]
    public var cameras: [HealthCamera]
    public var journal: Journal
    public var recording: Recording?
    public var process: ProcessSample
    /// How often each status event was published.
    public var conditions: [String: UInt64]
    /// The last ones, the newest last.
    public var events: [StatusEvent]

    public var isHealthy: Bool { stalls.isEmpty }
    public var isReady: Bool { hindrances.isEmpty }

    enum CodingKeys: String, CodingKey {
        case type, build, state, detail, stalls, hindrances, model, regions, pipeline, frames, cameras, journal, recording, process, conditions, events
        case schemaVersion = "schema_version"
        case publishedUTCNs = "published_utc_ns"
        case startedUTCNs = "started_utc_ns"
        case uptimeSeconds = "uptime_seconds"
        case framesPerSecond = "frames_per_second"
        case rejectedMessages = "rejected_messages"
        case unpublishedEvents = "unpublished_events"
        case latencyMs = "latency_ms"
    }

    /// JSON text in UTF-8, keys in alphabetical order.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self))
    }
}
