import Foundation
import Testing
@testable import Inspection

/// Every message must name the file and line, the key, and what is wrong.
@Suite struct HostileRegionFileTests {
    private func message(_ yaml: String) -> String {
        do {
            _ = try RegionFile(yaml: yaml, name: "f.yaml")
            return "accepted"
        } catch {
            return error.description
        }
    }

    /// A file whose region stands on line 6.
    private func message(region: String, camera: String = "reference_size: [640, 480]") -> String {
        message("version: 1\ncameras:\n  cam:\n    \(camera)\n    regions:\n      - {\(region)}\n")
    }

    @Test(arguments: [
        // Shapes.
        ("name: a, shape: {polygon: [[0, 0], [100, 100], [100, 0], [0, 100]]}", "regions[0].shape.polygon", "crosses or touches itself"),
        ("name: a, shape: {polygon: [[0, 0], [100, 0], [50, 0], [50, 50]]}", "regions[0].shape.polygon", "crosses or touches itself"),
        ("name: a, shape: {polygon: [[0, 0], [100, 0]]}", "regions[0].shape.polygon", "3 to 10000 points [x, y], but has 2"),
        ("name: a, shape: {polygon: [[1, 1], [1, 1], [5, 5], [5, 5]]}", "regions[0].shape.polygon", "2 different points"),
        ("name: a, shape: {polygon: [[0, 0], [10], [0, 10]]}", "regions[0].shape.polygon[1]", "exactly 2 numbers"),
        ("name: a, shape: {polygon: [[0, 0], [.nan, 1], [0, 10]]}", "regions[0].shape.polygon[1][0]", "finite number"),
        ("name: a, shape: {polygon: [[900, 0], [901, 0], [900, 10]]}", "regions[0].shape.polygon", "outside the reference size 640×480"),
        // Its bounding box meets the frame, the shape does not.
        ("name: a, shape: {polygon: [[700, 100], [640, 500], [600, 560], [700, 560]]}", "regions[0].shape.polygon", "outside the reference"),
        ("name: a, shape: {ellipse: [660, 500, 25, 25]}", "regions[0].shape.ellipse", "outside the reference size"),
        ("name: a, shape: {ellipse: [60, 50, 0, 25]}", "regions[0].shape.ellipse", "no area"),
        ("name: a, shape: {ellipse: [60, 50, -4, 25]}", "regions[0].shape.ellipse", "no area"),
        ("name: a, shape: {box: [600, 60, 40, 420]}", "regions[0].shape.box", "reversed; write [x0, y0, x1, y1] as [40, 60, 600, 420]"),
        ("name: a, shape: {box: [40, 60, 40, 420]}", "regions[0].shape.box", "no area"),
        ("name: a, shape: {box: [-50, 0, -10, 50]}", "regions[0].shape.box", "outside the reference size"),
        ("name: a, shape: {box: [1, 2, 3]}", "regions[0].shape.box", "exactly 4 numbers [x0, y0, x1, y1], but has 3"),
        ("name: a, shape: {box: [1, 2, .inf, 4]}", "regions[0].shape.box[2]", "finite number"),
        ("name: a, shape: {box: [1, 2, 1e999, 4]}", "regions[0].shape.box[2]", "too large"),
        ("name: a, shape: {box: [1, 2, 1e9, 4]}", "regions[0].shape.box[2]", "between -1000000 and 1000000"),
        ("name: a, shape: {box: 5}", "regions[0].shape.box", "must be a list"),
        ("name: a, shape: {frame: false}", "regions[0].shape.frame", "must be `true`"),
        ("name: a, shape: {}", "regions[0].shape", "exactly one of box, polygon, ellipse, frame"),
        ("name: a, shape: {frame: true, box: [1, 2, 3, 4]}", "regions[0].shape", "exactly one"),
        ("name: a, shape: {elipse: [1, 2, 3, 4]}", "regions[0].shape.elipse", "did you mean `ellipse`?"),
        ("name: a, shape: box", "regions[0].shape", "must be a mapping"),
        ("name: a", "regions[0]", "`shape` is missing"),
        // Names and kinds.
        ("shape: {frame: true}", "regions[0]", "`name` is missing"),
        ("name: '', shape: {frame: true}", "regions[0].name", "must not be empty"),
        ("name: ~, shape: {frame: true}", "regions[0].name", "is empty"),
        ("name: [a], shape: {frame: true}", "regions[0].name", "must be text, but is a list"),
        ("name: a, shape: {frame: true}, prompt: boxs", "regions[0].prompt", "did you mean `box`?"),
        ("name: a, shape: {frame: true}, view: zoom", "regions[0].view", "not one of crop, frame"),
        ("name: a, shape: {frame: true}, promt: box", "regions[0].promt", "did you mean `prompt`?"),
        ("name: a, shape: {frame: true}, \"\\e[31m\": 1", "regions[0].\\u{1b}[31m", "unknown key"),
        ("name: !!python/object a, shape: {frame: true}", "regions[0].name", "tags"),
        // Prompts.
        ("name: a, shape: {frame: true}, prompt: points", "regions[0]", "`points` is missing"),
        ("name: a, shape: {frame: true}, prompt: points, points: []", "regions[0].points", "1 to 64 points"),
        ("name: a, shape: {frame: true}, prompt: points, points: [[1, 2, 2]]", "regions[0].points[0][2]", "between 0 and 1"),
        ("name: a, shape: {frame: true}, prompt: points, points: [[1, 2, 0.5]]", "regions[0].points[0][2]", "whole number"),
        ("name: a, shape: {frame: true}, prompt: points, points: [[1, 2]]", "regions[0].points[0]", "exactly 3"),
        ("name: a, shape: {frame: true}, prompt: points, points: [[1, 2, 0]]", "regions[0].points", "at least one point must be foreground"),
        ("name: a, shape: {frame: true}, prompt: points, points: [[641, 2, 1]]", "regions[0].points[0]", "outside the reference size"),
        ("name: a, shape: {box: [0, 0, 9, 9]}, prompt: points, points: [[20, 2, 1]]", "regions[0].points[0]", "outside the region's shape"),
        ("name: a, shape: {box: [0, 0, 9, 9]}, prompt: points, points: [[2, 2, 1], [20, 2, 0]]", "regions[0].points[1]", "outside the crop"),
        ("name: a, shape: {frame: true}, prompt: grid, points: [[1, 2, 1]]", "regions[0].points", "only used with"),
        ("name: a, shape: {frame: true}, grid: {columns: 3}", "regions[0].grid", "only used with `prompt: grid`"),
        ("name: a, shape: {frame: true}, prompt: grid, grid: {columns: 9}", "regions[0].grid.columns", "between 1 and 8"),
        ("name: a, shape: {frame: true}, prompt: grid, grid: {colums: 2}", "regions[0].grid.colums", "did you mean `columns`?"),
        ("name: a, shape: {polygon: [[0, 0], [400, 0], [400, 9], [9, 9], [9, 400], [0, 400]]}, prompt: grid", "regions[0]", "no point of the 4×4 grid"),
        // Limits.
        ("name: a, shape: {frame: true}, limits: {fail_score: .nan}", "limits.fail_score", "must be a finite number"),
        ("name: a, shape: {frame: true}, limits: {fail_score: nan}", "limits.fail_score", "must be a finite number"),
        ("name: a, shape: {frame: true}, limits: {review_score: -.inf}", "limits.review_score", "must be a finite number"),
        ("name: a, shape: {frame: true}, limits: {fail_score: 60}", "limits.fail_score", "between 0 and 1, but is 60"),
        ("name: a, shape: {frame: true}, limits: {fail_score: -0.1}", "limits.fail_score", "between 0 and 1"),
        ("name: a, shape: {frame: true}, limits: {fail_score: '0.6'}", "limits.fail_score", "text in quotes"),
        ("name: a, shape: {frame: true}, limits: {fail_score: high}", "limits.fail_score", "must be a number, but is `high`"),
        ("name: a, shape: {frame: true}, limits: {fail_score: 0x1p-1}", "limits.fail_score", "must be a number"),
        ("name: a, shape: {frame: true}, limits: {fail_score: }", "limits.fail_score", "must be a number, but is empty"),
        ("name: a, shape: {frame: true}, limits: {fail_score: 0.3, review_score: 0.4}", "limits.review_score", "0.4 is above fail_score 0.3"),
        ("name: a, shape: {frame: true}, limits: {fial_score: 0.3}", "limits.fial_score", "did you mean `fail_score`?"),
        ("name: a, shape: {frame: true}, limits: {max_defects: 1.5}", "limits.max_defects", "whole number"),
        ("name: a, shape: {frame: true}, limits: {max_defects: -1}", "limits.max_defects", "between 0 and"),
        ("name: a, shape: {frame: true}, limits: {min_area_px: 10, max_area_px: 9}", "limits.min_area_px", "min_area 10 px is above max_area 9 px"),
        ("name: a, shape: {frame: true}, limits: {min_area_px: 10, min_area_mm2: 9}", "limits.min_area_mm2", "not both"),
        ("name: a, shape: {frame: true}, limits: {max_area_mm2: 1}", "limits.max_area_mm2", "needs the camera's `pixels_per_mm`"),
        ("name: a, shape: {box: [0, 0, 10, 10]}, limits: {min_area_px: 101}", "limits.min_area_px", "no defect could count"),
        ("name: a, shape: {frame: true}, limits: [1]", "limits", "must be a mapping"),
    ])
    func badRegion_IsRefusedWithLineKeyAndReason(region: String, key: String, problem: String) {
        let text = message(region: region)
        #expect(text.contains("f.yaml:6: cameras.cam."), "\(text)")
        #expect(text.contains("\(key): "), "\(text)")
        #expect(text.contains(problem), "\(text)")
    }

    @Test(arguments: [
        ("reference_size: [640]", "reference_size", "exactly 2 whole numbers"),
        ("reference_size: [640, 0]", "reference_size[1]", "between 1 and 65500"),
        ("reference_size: [640.5, 480]", "reference_size[0]", "whole number"),
        ("reference_size: [640, 9223372036854775808]", "reference_size[1]", "between 1 and 65500"),
        ("pixels_per_mm: 0", "pixels_per_mm", "above 0"),
        ("pixels_per_mm: .nan", "pixels_per_mm", "finite"),
        ("pixels_per_mm: -3", "pixels_per_mm", "between 0"),
        ("pixel_per_mm: 3", "pixel_per_mm", "did you mean `pixels_per_mm`?"),
        ("encode: regions", "encode", "did you mean `region`?"),
        ("encode: true", "encode", "not one of frame, region"),
        ("encode: [region]", "encode", "must be text, but is a list"),
        ("encode:", "encode", "is empty"),
        ("encode: region", "encode", "only used with `view: frame`, and no region here has it"),
        ("encod: region", "encod", "did you mean `encode`?"),
    ])
    func badCamera_IsRefused(camera: String, key: String, problem: String) {
        let text = message(region: "name: a, shape: {frame: true}", camera: camera)
        #expect(text.contains("f.yaml:4: cameras.cam.\(key): "), "\(text)")
        #expect(text.contains(problem), "\(text)")
    }

    @Test func mmAgainstPx_IsComparedInOneUnit() {
        let text = message(
            region: "name: a, shape: {frame: true}, limits: {min_area_px: 101, max_area_mm2: 1}",
            camera: "reference_size: [640, 480]\n    pixels_per_mm: 10")
        #expect(text.contains("f.yaml:7: cameras.cam.regions[0].limits.min_area_px: min_area 101 px is above max_area 1 mm²"))
    }

    @Test func shapesAndPoints_NeedAReferenceSize() {
        let camera = "pixels_per_mm: 3"
        #expect(message(region: "name: a, shape: {box: [0, 0, 9, 9]}", camera: camera).contains("needs the camera's `reference_size`"))
        #expect(message(region: "name: a, shape: {frame: true}, points: [[1, 1, 1]]", camera: camera).contains("reference_size"))
    }

    @Test(arguments: [
        ("", "f.yaml: is empty"), ("\u{FEFF}", "f.yaml: is empty"), ("\n \n", "f.yaml: is empty"), ("# only\n", "f.yaml: is empty"),
        ("version: 1\n", "f.yaml:1: `cameras` is missing"),
        ("cameras: {a: {regions: [{name: a, shape: {frame: true}}]}}", "f.yaml:1: `version` is missing"),
        ("version: 2\ncameras: {}\n", "f.yaml:1: version: version 2 is not known"),
        ("version: 1\ncameras: {}\n", "f.yaml:2: cameras: must name 1 to 1000 cameras, but names 0"),
        ("version: 1\ncameras: {a: {regions: []}}\n", "f.yaml:2: cameras.a.regions: must be a list of 1 to 1000 regions"),
        ("version: 1\ncamera: {}\n", "f.yaml:2: camera: unknown key; did you mean `cameras`?"),
        ("just text", "f.yaml:1: must be a mapping"), ("- a\n- b\n", "f.yaml:1: must be a mapping"),
        ("version: 1\ncameras:\n  a*b: {regions: [{name: a, shape: {frame: true}}]}\n", "f.yaml:3: cameras.a*b: a `*` may only stand at the end"),
        ("version: 1\ncameras:\n  \"\": {regions: [{name: a, shape: {frame: true}}]}\n", "a camera's name must not be empty"),
        ("version: 1\ncameras:\n  *: {regions: []}\n", "f.yaml:3: is not valid YAML here"),
        ("version: 1\ncameras:\n  *all: {regions: []}\n", "a name that starts with `*` needs quotes"),
        ("version: 1\ncameras:\n  [a, b]: {regions: []}\n", "f.yaml:3: cameras: a key must be text, but is a list"),
        ("version: 1\ncameras: {a: {regions: [\n", "is not valid YAML here"),
        ("version: 1\n\tcameras: {}\n", "f.yaml:2: is not valid YAML here"),
        ("version: 1\nversion: 1\ncameras: {}\n", "key `version` is given more than once"),
        ("version: 1\ncameras:\n  a: {regions: []}\n  a: {regions: []}\n", "f.yaml:3: key `a` is given more than once"),
        ("version: 1\n---\nversion: 1\n", "another document"),
        ("version: 1\ncameras: \u{1}\n", "control characters"),
    ])
    func badFile_IsRefused(yaml: String, expected: String) {
        #expect(message(yaml).contains(expected), "\(message(yaml))")
    }

    @Test func sameRegionNameTwice_NamesBothLines() {
        let text = message("""
            version: 1
            cameras:
              a:
                regions:
                  - {name: seal, shape: {frame: true}}
                  - {name: seal, shape: {frame: true}}
            """)
        #expect(text == "f.yaml:6: cameras.a.regions[1]: name `seal` is already that of the region in line 5")
    }

    @Test func everyMistakeIsNamed_InTheOrderOfLines() {
        let text = message("""
            version: 1
            cameras:
              a:
                reference_size: [640, 480]
                regions:
                  - name: one
                    shape: {box: [9, 9, 1, 1]}
                    limits: {fail_score: 2, reviewscore: 1}
                  - name: two
                    prompt: gird
                    shape: {frame: true}
              b: {regions: [{name: x, shape: {ellipse: [1, 2, 3, 4]}}]}
            """)
        let lines = text.split(separator: "\n").map { $0.prefix(9) }
        #expect(lines == ["f.yaml:7:", "f.yaml:8:", "f.yaml:8:", "f.yaml:10", "f.yaml:12"], "\(text)")
    }

    @Test func findingsAreBounded() {
        let bad = Array(repeating: "{name: a, shape: {box: [x, x, x, x]}}", count: 900).joined(separator: ", ")
        let text = message("version: 1\ncameras: {a: {reference_size: [9, 9], regions: [\(bad)]}}")
        #expect(text.split(separator: "\n").count == FileError.maxFindings + 1)
        #expect(text.contains("more"))
    }

    @Test func aliasBombs_AreRefusedBeforeTheyUnfold() {
        var bomb = "a0: &a0 [x, x]\n"
        for level in 1...60 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(message(bomb).hasPrefix("f.yaml:1: YAML anchors"))
        #expect(message("? &a [x]\n: *a\n").contains("anchors"))
        #expect(message("version: 1\ncameras: {\"x\":&a {}}").contains("f.yaml:2: YAML anchors"))
        #expect(message("version: 1\ncameras:\n  a: *b\n").contains("f.yaml:3: is not valid YAML here: found undefined alias"))
    }

    @Test func ampersandsInText_AreAccepted() throws {
        let file = try file("name: R & D, shape: {frame: true}", "name: A&B, shape: {frame: true}")
        #expect(file.entries.first?.regions.map(\.name) == ["R & D", "A&B"])
    }

    /// Every way in which quotes are written, with what YAML says of them next to the `&`.
    @Test func ampersandsInQuotes_AreText() throws {
        let file = try file("name: '&a', shape: {frame: true}", "name: \"x &b\", shape: {frame: true}", "name: 'it''s &c \" &d', shape: {frame: true}")
        #expect(file.entries.first?.regions.map(\.name) == ["&a", "x &b", "it's &c \" &d"])
    }

    @Test(arguments: [
        "a: '&a'\nb: &b x\n", "a: it's &b x\n", "a: '&a' # ' &b\n", "a: \"\\\" '&a\"\n'b': &b x\n", "a: ['&a', &b x]\n", "a: \u{E000}\nb: '&a'\n",
        "a: |\n  '\nb: &b '\n", "'&a': {? &b x : y}\n",
    ])
    func anAnchorBesideQuotes_IsRefused(text: String) {
        #expect(message(text).contains("YAML anchors (`&name`) are not accepted"), "\(message(text))")
    }

    @Test func whatQuotesHide_IsStillFound() {
        #expect(message("'&a': 1\n'&a': 2\n").contains("&a"))
        #expect(message("'&a': 1\n'&a': 2\n").hasPrefix("f.yaml:2: "))
        // The mistake that is there, not the one that a look for anchors might suspect.
        #expect(message("a: '&a'\nb: [\n").contains("is not valid YAML here"))
        let many = Array(repeating: "'&a'", count: 7000).joined(separator: ", ")
        #expect(message("a: [\(many)]").contains("YAML anchors"))
    }

    @Test(arguments: ["[", "{a: ", "- ", "? "])
    func deepNesting_IsRefused(opening: String) {
        #expect(message(String(repeating: opening, count: 20_000)).contains("f.yaml:1: is nested too deeply"))
        #expect(message("version: 1\ncameras: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900)) != "accepted")
    }

    @Test func notUTF8_IsRefusedWithItsLine() {
        for bytes: [UInt8] in [[0xFF, 0xFE, 0x76, 0], [0x76, 0x0A, 0x0A, 0xC3, 0x28], [0xED, 0xA0, 0x80]] {
            #expect(throws: FileError.self) { try YAMLSource(bytes: bytes, name: "f.yaml", kind: .regions) }
        }
        do {
            _ = try YAMLSource(bytes: [0x76, 0x0A, 0x0A, 0xC3, 0x28], name: "f.yaml", kind: .regions)
        } catch {
            #expect(error.description.hasPrefix("f.yaml:3: is not UTF-8"))
        }
    }

    @Test func filesThatAreNoRegionFile_AreRefused() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "flawd-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func refusal(_ path: String) -> String {
            do {
                _ = try RegionFile(path: path)
                return "accepted"
            } catch {
                return error.description
            }
        }
        let missing = folder.appending(path: "none.yaml").path
        #expect(refusal(missing) == "\(missing): cannot be opened: No such file or directory")
        #expect(refusal(folder.path).contains("is not a regular file"))
        #expect(refusal("/dev/zero").contains("is not a regular file"))

        let huge = folder.appending(path: "huge.yaml").path
        _ = FileManager.default.createFile(atPath: huge, contents: nil)
        // Sparse: a terabyte that could not be read into memory.
        let handle = try #require(FileHandle(forWritingAtPath: huge))
        try handle.truncate(atOffset: 1 << 40)
        try handle.close()
        #expect(refusal(huge).contains("holds \(1 << 40) bytes"))

        let fifo = folder.appending(path: "fifo").path
        #expect(mkfifo(fifo, 0o600) == 0)
        #expect(refusal(fifo).contains("is not a regular file"))

        let locked = folder.appending(path: "locked.yaml").path
        _ = FileManager.default.createFile(atPath: locked, contents: Data("x".utf8), attributes: [.posixPermissions: 0])
        // Root reads it all the same, and then finds that it is no mapping.
        #expect(refusal(locked).contains(geteuid() == 0 ? "must be a mapping" : "Permission denied"))
    }
}
