import Foundation
import Inspection
import Testing

@testable import Service

/// The dashboard and the rules that come with flawd ask for nothing that flawd does not export.
@Suite struct MonitoringFilesTests {
    private static func text(_ name: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("deploy/monitoring/\(name)"), encoding: .utf8).replacing("\\\"", with: "\"")
    }

    /// What follows a metric's name in braces, by name; braces of neither kind: "".
    private static func selectors(_ text: String) -> [(name: String, labels: String)] {
        text.matches(of: /\b((?:flawd|process)_[a-z0-9_]+)(?:\{([^}]*)\})?/).map { (String($0.1), String($0.2 ?? "")) }
    }

    private static let values: [String: [String]] = [
        "verdict": Verdict.allCases.map(\.rawValue), "reason": UninspectedReason.allCases.map(\.rawValue), "stage": FrameStage.allCases.map(\.rawValue),
        "condition": StatusEvent.Condition.allCases.map(\.rawValue), "what": ["journal", "recording"],
    ]

    @Test(arguments: ["grafana-dashboard.json", "alerts.yml", "alerts.test.yml"]) func everyNameAndLabel_IsExported(_ file: String) throws {
        let text = try Self.text(file)
        let known = Dictionary(uniqueKeysWithValues: MetricCatalog.all.flatMap { metric in metric.sampleNames.map { ($0, metric) } })
        let selectors = Self.selectors(text)
        #expect(selectors.count > 15)
        for (name, labels) in selectors {
            guard let metric = known[name] else {
                Issue.record("\(file): flawd exports no \(name)")
                continue
            }
            for match in labels.matches(of: /([a-z_]+)(?:=|!=|=~|!~)"([^"]*)"/) {
                let label = String(match.1)
                #expect((metric.labels + ["instance", "job"] + (name.hasSuffix("_bucket") ? ["le"] : [])).contains(label), "\(file): \(name) has no label \(label)")
                guard let choices = Self.values[label], metric.labels.contains(label) else { continue }
                for value in match.2.split(separator: "|") where !value.hasPrefix("$") { #expect(choices.contains(String(value)), "\(file): \(label) is never \(value)") }
            }
        }
        let labels = Set(MetricCatalog.all.flatMap(\.labels) + ["instance", "le"])
        for match in text.matches(of: /\b(?:by|on) \(([a-z_, ]*)\)/) {
            for label in match.1.split(whereSeparator: { $0 == "," || $0 == " " }) { #expect(labels.contains(String(label)), "\(file): no label \(label)") }
        }
    }

    @Test func dashboard_ShowsEveryMetric() throws {
        let shown = Set(Self.selectors(try Self.text("grafana-dashboard.json")).map(\.name))
        for metric in MetricCatalog.all { #expect(!shown.isDisjoint(with: metric.sampleNames), "\(metric.name)") }
    }

    @Test func dashboard_HasPanelsThatDoNotOverlap_WithOwnNumbers() throws {
        let dashboard = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("deploy/monitoring/grafana-dashboard.json"))) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
        var cells: Set<[Int]> = []
        for panel in panels {
            let place = try #require(panel["gridPos"] as? [String: Int])
            let (left, top) = (place["x"] ?? -1, place["y"] ?? -1)
            for x in left..<left + (place["w"] ?? 0) {
                for y in top..<top + (place["h"] ?? 0) { #expect(x < 24 && cells.insert([x, y]).inserted, "\(panel["title"] ?? "")") }
            }
        }
    }

    @Test func everyAlert_IsTried() throws {
        let rules = try Self.text("alerts.yml").matches(of: /- alert: (\w+)/).map { String($0.1) }, tests = try Self.text("alerts.test.yml")
        #expect(rules.count > 10 && Set(rules).count == rules.count)
        for rule in rules {
            #expect(tests.contains(try Regex("alertname: \(rule)\\b[^{}]*?exp_alerts:\\n")), "\(rule) is never seen to fire")
            #expect(tests.contains("alertname: \(rule)}"), "\(rule) is never seen to be quiet")
        }
    }
}
