import Testing
@testable import Inspection

@Suite struct RegionFileEditorTests {
    private static func limits(_ fail: Double, _ review: Double, _ area: Limits.Area? = nil) -> Limits {
        var limits = Limits()
        (limits.failScore, limits.reviewScore, limits.minArea) = (fail, review, area)
        return limits
    }

    private static func edit(
        _ yaml: String, _ limits: [String: Limits], camera: String = "cam", comments: [String] = ["today"]
    ) throws -> String {
        var editor = RegionFileEditor(try YAMLSource(bytes: Array(yaml.utf8), name: "r", kind: .regions))
        return try editor.file(with: limits, camera: camera, comments: comments)
    }

    @Test func largestArea_IsReplacedInItsUnit() throws {
        let yaml = "version: 1\ncameras:\n  cam:\n    pixels_per_mm: 5\n    regions:\n      - {name: a, shape: {frame: true}, limits: {max_defects: 1, max_area_mm2: 3.0}}\n"
        var limits = Self.limits(0.8, 0.5)
        (limits.maxDefects, limits.maxArea) = (1, .mm2(1.5))
        #expect(try Self.edit(yaml, ["a": limits]).contains("max_area_mm2: 1.5}}"))
    }

    @Test func values_AreReplacedWhereTheyStand() throws {
        let yaml = """
            # the line
            version: 1
            cameras:
              other: {regions: [{name: a, shape: {frame: true}, limits: {fail_score: 0.7}}]}
              cam:   # top
                regions:
                  # first
                  - name: a
                    shape: {frame: true}   # all of it
                    limits: {review_score: 0.30, fail_score: 0.80}  # kept
                  - shape: {frame: true}
                    name: b
                    limits:
                      max_defects: 0
                      fail_score: 0.8 # too high
                  - {name: c, shape: {frame: true}}
                  - {name: d, shape: {frame: true}, limits: {}}
                  - name: e
                    view: frame
                    shape: {frame: true}
                  - {name: f, shape: {frame: true}}
            """
        let new = try Self.edit(yaml, [
            "a": Self.limits(0.8, 0.4321), "b": Self.limits(0.9, 0.5, .px(7)), "c": Self.limits(0.9, 0.5), "d": Self.limits(0.9, 0.5),
            "e": Self.limits(0.9, 0.5, .px(7)),
        ])
        #expect(new == """
            # the line
            version: 1
            cameras:
              other: {regions: [{name: a, shape: {frame: true}, limits: {fail_score: 0.7}}]}
              cam:   # top
                regions:
                  # first
                  # calibrate: today
                  - name: a
                    shape: {frame: true}   # all of it
                    limits: {review_score: 0.4321, fail_score: 0.80}  # kept
                  # calibrate: today
                  - shape: {frame: true}
                    name: b
                    limits:
                      review_score: 0.5
                      min_area_px: 7
                      max_defects: 0
                      fail_score: 0.9 # too high
                  # calibrate: today
                  - {name: c, limits: {fail_score: 0.9, review_score: 0.5}, shape: {frame: true}}
                  # calibrate: today
                  - {name: d, shape: {frame: true}, limits: {fail_score: 0.9, review_score: 0.5}}
                  # calibrate: today
                  - name: e
                    limits: {fail_score: 0.9, review_score: 0.5, min_area_px: 7}
                    view: frame
                    shape: {frame: true}
                  - {name: f, shape: {frame: true}}
            """)
    }

    @Test func anotherCalibration_ReplacesTheComment() throws {
        let yaml = "version: 1\ncameras:\n  cam:\n    regions:\n      - name: a\n        shape: {frame: true}\n"
        let once = try Self.edit(yaml, ["a": Self.limits(0.9, 0.5)], comments: ["one", "more"])
        let twice = try Self.edit(once, ["a": Self.limits(0.9, 0.25)], comments: ["two"])
        #expect(!twice.contains("one") && !twice.contains("more"))
        #expect(twice == once.replacing("      # calibrate: one\n      # calibrate: more\n", with: "      # calibrate: two\n").replacing("0.5", with: "0.25"))
    }

    @Test func lineEndsAndByteOrderMark_Stay() throws {
        let yaml = "\u{FEFF}version: 1\r\ncameras:\r\n  cam:\r\n    regions:\r\n      - name: ä✓\r\n        limits: {fail_score: 0.7}\r\n        shape: {frame: true}\r\n"
        let new = try Self.edit(yaml, ["ä✓": Self.limits(0.9, 0.4)])
        #expect(new == "\u{FEFF}version: 1\r\ncameras:\r\n  cam:\r\n    regions:\r\n      # calibrate: today\r\n      - name: ä✓\r\n        limits: {review_score: 0.4, fail_score: 0.9}\r\n        shape: {frame: true}\r\n")
    }

    @Test func severalRegionsInOneLine_AreEdited() throws {
        let yaml = "version: 1\ncameras:\n  cam: {regions: [{name: a, shape: {frame: true}}, {name: b, shape: {frame: true}}]}\n"
        let new = try Self.edit(yaml, ["a": Self.limits(0.9, 0.1), "b": Self.limits(0.8, 0.2)])
        let limits = try RegionFile(yaml: new, name: "r").entry(of: "cam")?.regions.map(\.limits)
        #expect(limits == [Self.limits(0.9, 0.1), Self.limits(0.8, 0.2)])
        #expect(new.split(separator: "\n").count { $0.contains("# calibrate:") } == 1)
    }

    @Test func aFileThatACommentWouldBreak_IsRefused() throws {
        // The second region begins in a line that the first one's name runs into.
        let yaml = "version: 1\ncameras:\n  cam: {regions: [{shape: {frame: true}, name: \"a\n\n    b\"}, {name: c, shape: {frame: true}}]}\n"
        let error = #expect(throws: FileError.self) { try Self.edit(yaml, ["c": Self.limits(0.9, 0.1)]) }
        #expect(error?.description.contains("limits can be put into") == true)
    }
}
