import Foundation
import Imaging
import Testing
@testable import SelfPerception

struct ReportTests {
    /// Two methods on two data sets whose names want to be markup.
    private static func report() throws -> EvaluationReport {
        let model = try SPTModel(path: SPTModel.embeddedName)
        var settings = EvaluationSettings()
        settings.prompts = [.box, .points3]
        settings.rates = [0.01, 0.05]
        var pixels = PixelScores()
        var truth = BinaryMask(width: 4, height: 4)
        truth[1, 1] = true
        pixels.add(LogitMap(size: truth.size, values: (0..<16).map { Float($0 == 5 ? 3 : -Int($0)) }), size: truth.size, truth: truth)
        let map = LogitMap(size: truth.size, values: truth.pixels.map { $0 == 0 ? -1 : 1 })
        let good = MaskQuality(Perception(draft: map, refined: map), truth: truth, boundary: MaskMetrics.boundary(truth))
        let parts = (0..<20).map { index in
            let quality = index < 8 ? [EvaluationPrompt.box: good, .points3: good] : nil
            return EvaluatedPart(name: "p\(index)", category: "", defect: index < 8 ? "pit" : nil, score: Double(20 - index) / 20, quality: quality)
        }
        let heldOut = HeldOutErrors.all(settings.targets, from: .halves, parts: parts, train: [], seed: 1)
        return EvaluationReport(
            ["zero|shot", "<b>spt</b>"].map { name in
                var method = MethodResult(name: name, model: model)
                for set in ["<script>alert('x')</script>", "a & b"] {
                    method.sets.append(SetResult(name: set, parts: parts, pixels: pixels, heldOut: heldOut, settings: settings))
                    method.galleries.append(.init(set: set, cases: [
                        .init(kind: .worst, text: "\"p1\" <i>", panels: [.init(caption: "\"onerror='x'", base64: "AAAA")]),
                    ]))
                }
                method.skipped = ["/tmp/<x>.png: marks no pixel"]
                return method
            }, settings: settings)
    }

    @Test func everyRowOfATable_HasTheCellsOfItsHeader() throws {
        let report = try Self.report()
        let tables = report.comparison + report.setNames.flatMap { report.tables(of: $0) }
        #expect(!tables.isEmpty)
        for table in tables {
            for row in table.rows { #expect(row.count == table.header.count, "\(table.title)") }
            let lines = table.markdown
            #expect(Set(lines.map { $0.count { $0 == "|" } }).count == 1, "\(lines)")
            #expect(Set(lines.map(\.count)).count == 1, "padded to one width")
        }
        let markdown = report.markdown.joined(separator: "\n")
        #expect(markdown.contains("zero/shot"), "a bar would end the cell")
        #expect(markdown.contains("PG1") && markdown.contains("PB5"))
        #expect(report.markdown.count { $0.contains("marks no pixel") } == 1, "named once, although both methods met it")
    }

    @Test func setWithoutHeldOutErrors_IsSaid() throws {
        var report = try Self.report()
        #expect(!report.markdown.contains { $0.contains("no limit could be chosen") })
        for method in report.methods.indices { report.methods[method].sets[1].line.heldOut = [] }
        #expect(report.markdown.contains { $0.hasPrefix("a & b: no limit could be chosen") })
        #expect(report.html.contains("a &amp; b: no limit could be chosen"))
    }

    @Test func thePage_EscapesEverythingFromOutside_AndClosesWhatItOpens() throws {
        let html = try Self.report().html
        for text in ["<script", "<b>spt", "<i>", "<x>", "\"onerror='x'\""] { #expect(!html.contains(text), "\(text)") }
        #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") && html.contains("a &amp; b"))
        for tag in ["html", "head", "body", "table", "thead", "tbody", "tr", "td", "th", "div", "p", "h2", "h3", "h4", "figure", "figcaption", "ul", "li", "style"] {
            let opened = html.matches(of: try Regex("<\(tag)[ >]")).count
            #expect(opened == html.matches(of: try Regex("</\(tag)>")).count, "\(tag)")
        }
        #expect(!html.contains("http"), "the page needs nothing from elsewhere")
    }

    @Test func json_HoldsTheFiguresAndNotThePictures() throws {
        let data = try JSONEncoder().encode(Self.report())
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        let method = try #require((object["methods"] as? [[String: Any]])?.first)
        #expect(method["galleries"] == nil)
        let set = try #require((method["sets"] as? [[String: Any]])?.first), line = try #require(set["line"] as? [String: Any])
        #expect(line["imageAUROC"] as? Double == 1 && (line["heldOut"] as? [Any])?.count == 5)
    }
}
