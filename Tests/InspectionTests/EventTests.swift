import Foundation
import Imaging
import Testing
@testable import Inspection

@Suite struct EventTests {
    private func event() -> VerdictEvent {
        let defect = Defect(
            box: PixelRect(x: 1, y: 2, width: 3, height: 4), areaPx: 12, areaMm2: 0.1, centroid: (2, 3.5), score: 0.1 + 0.2,
            segmentation: RunLengthCode(size: PixelSize(width: 6, height: 5), counts: "1\\2"))
        var other = defect
        other.areaMm2 = nil
        let region = RegionResult(
            name: "seal \"ü\"\n\u{1}", verdict: .fail, score: 1e-7, agreement: 1, because: ["score 0.83 ≥ fail_score 0.6"],
            defectCount: 2, defects: [defect, other])
        var event = VerdictEvent(
            seq: .max, epoch: "e1", camera: "line1/top", sequence: 7, arrival: .gap, frameHash: String(repeating: "0", count: 64),
            partID: "P/1", trigger: -3, capturedUTCNs: 1, capturedMonotonicNs: .max, receivedUTCNs: 2, publishedUTCNs: 3,
            latencyNs: ["prompt": 5, "encode": 4], verdict: .fail, regions: [region],
            roiRevision: String(repeating: "a", count: 64), model: "m", build: "b")
        event.durability = .full
        event.session = 1 << 63
        return event
    }

    private func missing() -> MissingEvent {
        var event = MissingEvent(seq: 3, epoch: "e", camera: "c", first: 5, last: 9, publishedUTCNs: 8)
        event.durability = .normal
        event.session = 2
        return event
    }

    private let heartbeat = HeartbeatEvent(epoch: "e", seq: .max, durability: .normal, publishedUTCNs: -1)
    private let status = StatusEvent(.regionsRefused, detail: "line 1\n\"x\"", state: "ready", publishedUTCNs: 8)

    @Test func verdictEvent_ReadsBack() throws {
        let event = event()
        #expect(try JSONDecoder().decode(VerdictEvent.self, from: Data(event.json)) == event)
        let bare = VerdictEvent(
            seq: 1, epoch: "e", camera: "c", sequence: 0, receivedUTCNs: 0, publishedUTCNs: 0, verdict: .uninspected,
            reason: .decodeError, detail: "cut", model: "m", build: "b")
        #expect(try JSONDecoder().decode(VerdictEvent.self, from: Data(bare.json)) == bare)
        #expect(event.json == self.event().json, "the same bytes for the same event")
    }

    @Test func ownWriter_SaysWhatCodableSays() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func sorted(_ json: [UInt8]) throws -> Data {
            try JSONSerialization.data(withJSONObject: JSONSerialization.jsonObject(with: Data(json)), options: [.sortedKeys])
        }
        let missing = missing()
        #expect(try sorted(event().json) == sorted(Array(encoder.encode(event()))))
        #expect(try sorted(heartbeat.json) == sorted(Array(encoder.encode(heartbeat))))
        #expect(try sorted(status.json) == sorted(Array(encoder.encode(status))))
        #expect(try JSONDecoder().decode(HeartbeatEvent.self, from: Data(heartbeat.json)) == heartbeat)
        #expect(try JSONDecoder().decode(StatusEvent.self, from: Data(status.json)) == status)
        #expect(try sorted(missing.json) == sorted(Array(encoder.encode(missing))))
        #expect(try JSONDecoder().decode(MissingEvent.self, from: Data(missing.json)) == missing)
    }

    @Test func fieldNames_AreThoseOfTheDesign() throws {
        let object = try #require(JSONSerialization.jsonObject(with: Data(event().json)) as? [String: Any])
        #expect(Set(object.keys) == [
            "schema_version", "type", "seq", "epoch", "durability", "camera", "session", "arrival", "sequence", "frame_hash", "part_id", "trigger",
            "captured_utc_ns", "captured_monotonic_ns", "received_utc_ns", "published_utc_ns", "latency_ns", "verdict",
            "regions", "roi_revision", "model", "build",
        ])
        let region = try #require((object["regions"] as? [[String: Any]])?.first)
        #expect(Set(region.keys) == ["name", "verdict", "score", "agreement", "because", "defect_count", "defects"])
        let defects = try #require(region["defects"] as? [[String: Any]])
        #expect(Set(defects[0].keys) == ["box", "area_px", "area_mm2", "centroid", "score", "segmentation"])
        #expect(Set(defects[1].keys) == ["box", "area_px", "centroid", "score", "segmentation"])
        let code = try #require(defects[0]["segmentation"] as? [String: Any])
        #expect(code["size"] as? [Int] == [5, 6] && code["counts"] as? String == "1\\2" && code.count == 2)
        #expect(String(decoding: event().json, as: UTF8.self).hasPrefix(#"{"schema_version":1,"type":"verdict","seq":18446744073709551615,"#))
    }

    @Test func schemas_KnowEveryFieldAndNoOther() throws {
        let schema = try #require(JSONSerialization.jsonObject(with: Data(JSONSchema.verdict.utf8)) as? [String: Any])
        let parts = try #require(schema["$defs"] as? [String: [String: Any]])
        func keys(_ part: String) -> Set<String> { Set((parts[part]?["properties"] as? [String: Any] ?? [:]).keys) }
        func required(_ part: String) -> Set<String> { Set(parts[part]?["required"] as? [String] ?? []) }
        let object = try #require(JSONSerialization.jsonObject(with: Data(event().json)) as? [String: Any])
        #expect(keys("verdict_event") == Set(object.keys).union(["reason", "detail", "withheld"]))
        #expect(keys("region") == required("region"))
        #expect(keys("defect") == required("defect").union(["area_mm2"]))
        let gap = try #require(JSONSerialization.jsonObject(with: Data(missing().json)) as? [String: Any])
        #expect(keys("missing_event") == Set(gap.keys) && required("missing_event") == Set(gap.keys))
        for (part, json) in [("heartbeat_event", heartbeat.json), ("status_event", status.json)] {
            let event = try #require(JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
            #expect(keys(part) == Set(event.keys) && required(part) == Set(event.keys).subtracting(["state"]), "\(part)")
        }
        // What is always there; what depends on the frame may lack.
        let optional: Set<String> = ["frame_hash", "part_id", "trigger", "captured_utc_ns", "captured_monotonic_ns", "reason", "detail", "withheld", "roi_revision"]
        #expect(required("verdict_event") == keys("verdict_event").subtracting(optional))

        func words(_ part: String, _ key: String? = nil) -> Set<String> {
            let place = key.map { (parts[part]?["properties"] as? [String: [String: Any]])?[$0] } ?? parts[part]
            return Set(place?["enum"] as? [String] ?? [])
        }
        #expect(words("durability") == Set(EventDurability.allCases.map(\.rawValue)))
        #expect(words("verdict_event", "arrival") == Set(FrameArrival.allCases.map(\.rawValue)))
        #expect(words("status_event", "condition") == Set(StatusEvent.Condition.allCases.map(\.rawValue)))
        let kinds = (schema["oneOf"] as? [[String: String]])?.compactMap { $0["$ref"] }
        #expect(kinds == ["verdict_event", "missing_event", "heartbeat_event", "status_event"].map { "#/$defs/\($0)" })

        let regions = try #require(JSONSerialization.jsonObject(with: Data(JSONSchema.regions.utf8)) as? [String: Any])
        #expect(regions["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
    }

    @Test func inspectedFrames_BecomeEvents() throws {
        let file = try file("name: a, shape: {frame: true}", pixelsPerMm: "10")
        let model = FakeModel.constant(draft: .flat(2), refined: .flat(2))
        let result = Inspector(model: model).inspect(image(), plan: plan(file))
        var event = event()
        event.take(result)
        let read = try JSONDecoder().decode(VerdictEvent.self, from: Data(event.json))
        #expect(read.regions == result.regions && read.verdict == .fail)
        #expect(try read.regions.first?.defects.first?.segmentation.mask().area == 640 * 480)
    }

    @Test func writer_NeverWritesWhatIsNotJSON() throws {
        var writer = JSONWriter()
        writer.array([Double.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, 1.7976931348623157e308, 0.1]) { $0.number($1) }
        let values = try #require(JSONSerialization.jsonObject(with: Data(writer.bytes)) as? [Any])
        #expect(values.prefix(3).allSatisfy { $0 is NSNull } && values.count == 7)
        #expect(values.last as? Double == 0.1)
        for code in 0...0x2FF {
            guard let scalar = Unicode.Scalar(code) else { continue }
            var writer = JSONWriter()
            writer.array([String(scalar), "\u{2028}😀"]) { $0.string($1) }
            #expect(try JSONDecoder().decode([String].self, from: Data(writer.bytes)) == [String(scalar), "\u{2028}😀"])
        }
    }
}
