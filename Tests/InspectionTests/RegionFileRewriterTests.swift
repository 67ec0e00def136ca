import Foundation
import Testing

@testable import Inspection

@Suite struct RegionFileRewriterTests {
    private static let yaml = """
        # press 4
        version: 1
        cameras:
          # looks down
          line1/top:
            reference_size: [640, 480]   # as drawn
            regions:
              # the lid's edge
              - name: seal
                shape: {box: [40, 60, 600, 420]}  # generous
                limits: {fail_score: 0.7, review_score: 0.4}
              # printed by hand
              - {name: label, shape: {ellipse: [100, 100, 50, 40]}, view: frame}
          line1/*:
            regions:
              - name: all
                shape: {frame: true}
        # the end

        """

    private func rewrite(_ yaml: String, _ camera: String, _ entry: String?, line: Int = #line) throws -> (text: String, keepsText: Bool) {
        let old = try RegionFile(yaml: yaml, name: "r")
        let new = try entry.map { try RegionFile(camera: camera, entry: Array($0.utf8), name: "posted") }
        let outcome = try old.text(replacing: camera, from: new, name: "r"), read = try RegionFile(yaml: outcome.text, name: "r")
        // Whatever way it was done: the file has the new entry, and the others as they were.
        #expect(read.entries.first { $0.pattern.text == camera } == new?.entries.first)
        #expect(read.entries.filter { $0.pattern.text != camera } == old.entries.filter { $0.pattern.text != camera })
        return outcome
    }

    @Test func oneRegionThatChanges_LeavesEverythingElseAsItWas() throws {
        let entry = """
            {"reference_size": [640, 480], "regions": [
              {"name": "seal", "shape": {"box": [40, 60, 600, 400]}, "limits": {"fail_score": 0.7, "review_score": 0.4}},
              {"name": "label", "shape": {"ellipse": [100, 100, 50, 40]}, "view": "frame"}]}
            """
        let (text, keepsText) = try rewrite(Self.yaml, "line1/top", entry)
        #expect(!keepsText, "the comment in the region's own line goes")
        let changed = Set(text.components(separatedBy: "\n")).subtracting(Self.yaml.components(separatedBy: "\n"))
        #expect(changed == ["        shape: {box: [40, 60, 600, 400]}"])
        for comment in ["# press 4", "# looks down", "# as drawn", "# the lid's edge", "# printed by hand", "# the end"] { #expect(text.contains(comment)) }
    }

    @Test func limitsAlone_AreChangedWhereTheyStand_AndACommentThatIsLostIsSaid() throws {
        let entry = """
            {"reference_size": [640, 480], "regions": [
              {"name": "seal", "shape": {"box": [40, 60, 600, 420]}, "limits": {"fail_score": 0.8, "review_score": 0.4}},
              {"name": "label", "shape": {"ellipse": [100, 100, 50, 40]}, "view": "frame"}]}
            """
        let (text, keepsText) = try rewrite(Self.yaml, "line1/top", entry)
        #expect(keepsText && text == Self.yaml.replacingOccurrences(of: "fail_score: 0.7", with: "fail_score: 0.8"))
        // The region is written anew, and with it goes what stood at the end of its line.
        let (_, isWhole) = try rewrite(Self.yaml, "line1/top", entry.replacingOccurrences(of: "600, 420", with: "600, 400"))
        #expect(!isWhole)
    }

    @Test func regionsComeGoAndChangeTheirOrder() throws {
        let (text, keepsText) = try rewrite(Self.yaml, "line1/top", """
            {"reference_size": [640, 480], "regions": [{"name": "new: one", "shape": {"polygon": [[1, 2], [30.5, 4], [20, 60]]}, "prompt": "points", "points": [[18, 20, 1]]},
              {"name": "label", "shape": {"ellipse": [100, 100, 50, 40]}, "view": "frame"}]}
            """)
        #expect(!keepsText && text.contains("# printed by hand\n      - {name: label") && !text.contains("seal"))
        #expect(text.contains("\"new: one\"") && text.contains("points: [[18, 20, 1]]"))
    }

    @Test func settingsOfTheCamera_ComeAndChange() throws {
        let (text, keepsText) = try rewrite(Self.yaml, "line1/top", """
            {"reference_size": [1280, 960], "pixels_per_mm": 4.5, "regions": [
              {"name": "seal", "shape": {"box": [40, 60, 600, 420]}, "limits": {"fail_score": 0.7, "review_score": 0.4}},
              {"name": "label", "shape": {"ellipse": [100, 100, 50, 40]}, "view": "frame"}]}
            """)
        #expect(!keepsText && text.contains("    reference_size: [1280, 960]\n    pixels_per_mm: 4.5\n    regions:\n      # the lid's edge") && text.contains("# generous"))
    }

    @Test func cameraIsAdded_AndRemoved() throws {
        let (text, keepsText) = try rewrite(Self.yaml, "line2/side", "{\"regions\": [{\"name\": \"a\", \"shape\": {\"frame\": true}}]}")
        #expect(keepsText && text.contains("# the end") && text.contains("  line2/side:\n    regions:\n      - name: a\n        shape: {frame: true}\n"))
        let (less, stillKeeps) = try rewrite(text, "line1/top", nil)
        #expect(!stillKeeps && !less.contains("seal") && less.contains("line1/*"))
        #expect(throws: FileError.self) { try rewrite("version: 1\ncameras:\n  c:\n    regions: [{name: a, shape: {frame: true}}]\n", "c", nil) }
    }

    @Test func filesInOtherStyles_AreRewritten_AndSaySoWhereTheTextIsLost() throws {
        let entry = "{\"regions\": [{\"name\": \"b\", \"shape\": {\"frame\": true}}]}"
        for (yaml, keepsText) in [
            ("version: 1\ncameras:\n  c: {regions: [{name: a, shape: {frame: true}}]}  # one line\n", false),
            ("version: 1\ncameras: {c: {regions: [{name: a, shape: {frame: true}}]}}\n", false),
            ("{version: 1, cameras: {c: {regions: [{name: a, shape: {frame: true}}]}}}\n", false),
            ("version: 1\r\ncameras:\r\n  c:\r\n    regions:\r\n      - name: a\r\n        shape: {frame: true}\r\n  d:\r\n    regions: [{name: a, shape: {frame: true}}]\r\n", true),
            ("version: 1\ncameras:\n  \"c\":\n    regions:\n    - name: a\n      shape:\n        frame: true\n", true),
            ("cameras:\n  c:\n    regions:\n      -\n        name: a\n        shape: {frame: true}\nversion: 1\n", true),
            ("\u{FEFF}version: 1\ncameras:\n  c:\n    regions:\n      - name: a\n        shape: {frame: true}", true),
        ] {
            let outcome = try rewrite(yaml, "c", entry)
            #expect(outcome.keepsText == keepsText, "\(yaml)")
            if yaml.contains("\r\n") { #expect(!outcome.text.replacingOccurrences(of: "\r\n", with: "").contains("\n")) }
        }
    }

    @Test func everyEntryOfADocument_PostedBack_IsTheSame() throws {
        let file = try RegionFile(yaml: """
            version: 1
            cameras:
              c:
                reference_size: [640, 480]
                pixels_per_mm: 3.25
                encode: region
                regions:
                  - {name: "ü \\"x\\": #1", shape: {polygon: [[0, 0], [10.5, 0], [10, 10]]}, prompt: grid, grid: {columns: 3, rows: 2}, view: frame, limits: {max_defects: 2, min_area_mm2: 0.5, max_area_px: 90, min_agreement: 0.25}}
                  - {name: b, shape: {box: [1, 2, 30, 40]}, prompt: points, points: [[3, 4, 1], [20, 30, 0]], limits: {review_score: 0.2}}
                  - {name: "12", shape: {frame: true}, prompt: auto}
            """, name: "r")
        let json = try JSONEncoder().encode(file.documents[0]), object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        let entry = try JSONSerialization.data(withJSONObject: object.filter { $0.key != "camera" })
        #expect(try RegionFile(camera: "c", entry: [UInt8](entry), name: "posted").entries == file.entries)
        // And as it is written.
        let text = "version: 1\ncameras:\n" + file.text(of: "c").components(separatedBy: "\n").map { "  \($0)\n" }.joined()
        #expect(try RegionFile(yaml: text, name: "r").entries == file.entries)
    }

    @Test func whatIsWrongWithAnEntry_NamesItsKey() throws {
        do throws(FileError) {
            _ = try RegionFile(camera: "c", entry: Array("{\"regions\": [{\"name\": \"a\", \"shape\": {\"frame\": true}, \"limits\": {\"fail_score\": 7}}]}".utf8), name: "posted")
            Issue.record("must throw")
        } catch { #expect(error.findings.map(\.key) == ["cameras.c.regions[0].limits.fail_score"]) }
        for entry in ["", "[]", "null", "{\"regions\": []}", "}, \"x\": {", "{\"regions\": 5}", "{\"regions\": [{\"name\": \"a\", \"shape\": {\"box\": [1e400, 0, 1, 1]}}]}"] {
            #expect(throws: FileError.self, "\(entry)") { try RegionFile(camera: "c", entry: Array(entry.utf8), name: "posted") }
        }
    }

    @Test func otherLimits_JudgeAsTheInspectorWould() throws {
        func trial(_ limits: String) throws -> LimitTrial {
            let entry = "{\"reference_size\": [100, 100], \"regions\": [{\"name\": \"a\", \"shape\": {\"frame\": true}, \"limits\": \(limits)}]}"
            return try #require(LimitTrial(try RegionFile(camera: "c", entry: Array(entry.utf8), name: "r"), camera: "c", region: "a", frame: .init(width: 200, height: 200)))
        }
        let result = RegionResult(name: "a", verdict: .fail, score: 0.7, agreement: 0.5, defectCount: 1, defects: [
            Defect(box: .init(x: 0, y: 0, width: 10, height: 10), areaPx: 80, areaMm2: nil, centroid: (5, 5), score: 0.8, segmentation: .init(size: .init(width: 200, height: 200), counts: "")),
        ])
        #expect(try trial("{}").verdict(of: result) == .fail)
        #expect(try trial("{\"fail_score\": 0.75}").verdict(of: result) == .review)
        // 20 pixels of the reference size are 80 of these frames, and the limit itself is a defect.
        #expect(try trial("{\"min_area_px\": 20}").verdict(of: result) == .fail)
        #expect(try trial("{\"min_area_px\": 21}").verdict(of: result) == .review)
        #expect(try trial("{\"min_area_px\": 21, \"fail_score\": 0.9, \"review_score\": 0.8}").verdict(of: result) == .pass)
    }
}
