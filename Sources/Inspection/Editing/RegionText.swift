import Foundation
import SegmentAnything

extension CameraEntry {
    /// The entry as a region file has it, a line each, without indentation: the camera's name first.
    var lines: [String] { lines(withImplied: false) }

    func lines(withImplied isFull: Bool) -> [String] {
        ["\(pattern.text.asScalar):"] + (settings.map { "\($0.key): \($0.value)" } + ["regions:"]).map { "  " + $0 }
            + regions.flatMap { $0.lines(withImplied: isFull).map { "    " + $0 } }
    }

    /// What stands before the regions.
    var settings: [(key: String, value: String)] {
        var settings: [(key: String, value: String)] = []
        if let size = referenceSize { settings.append(("reference_size", "[\(size.width), \(size.height)]")) }
        if let pixelsPerMm { settings.append(("pixels_per_mm", pixelsPerMm.short)) }
        if encode != .frame { settings.append(("encode", encode.rawValue)) }
        return settings
    }
}

extension RegionDefinition {
    /// An item of `regions`: the first line begins with the dash, the others are indented to follow it.
    var lines: [String] { lines(withImplied: false) }

    func lines(withImplied isFull: Bool) -> [String] {
        var lines = ["- name: \(name.asScalar)", "  shape: \(shape.text)"]
        if prompt != .box { lines.append("  prompt: \(prompt.rawValue)") }
        if !points.isEmpty {
            let list = points.map { "[\(Double($0.x).short), \(Double($0.y).short), \($0.label.rawValue)]" }
            lines.append("  points: [\(list.joined(separator: ", "))]")
        }
        if prompt == .grid, grid != Grid() { lines.append("  grid: {columns: \(grid.columns), rows: \(grid.rows)}") }
        if view != .crop { lines.append("  view: \(view.rawValue)") }
        if isFull || limits != Limits() { lines.append("  limits: {\(limits.entries.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}") }
        return lines
    }
}

extension Shape {
    fileprivate var text: String {
        switch self {
        case .box(let x0, let y0, let x1, let y1): "{box: [\(x0.short), \(y0.short), \(x1.short), \(y1.short)]}"
        case .polygon(let polygon): "{polygon: [\(polygon.vertices.map { "[\($0.x.short), \($0.y.short)]" }.joined(separator: ", "))]}"
        case .ellipse(let cx, let cy, let rx, let ry): "{ellipse: [\(cx.short), \(cy.short), \(rx.short), \(ry.short)]}"
        case .frame: "{frame: true}"
        }
    }
}

extension Limits {
    /// As the file has them. Both scores are always there: one alone moves the other's default.
    var entries: [(key: String, value: String)] {
        var entries = [("fail_score", failScore.short), ("review_score", reviewScore.short)]
        if maxDefects != 0 { entries.append(("max_defects", String(maxDefects))) }
        for (name, area) in [("min_area", minArea), ("max_area", maxArea)] {
            switch area {
            case .px(let value): entries.append((name + "_px", value.short))
            case .mm2(let value): entries.append((name + "_mm2", value.short))
            case nil: break
            }
        }
        if let minAgreement { entries.append(("min_agreement", minAgreement.short)) }
        return entries
    }
}

extension String {
    /// A YAML scalar: as it is where nothing in it means something to YAML, otherwise in double quotes.
    fileprivate var asScalar: String {
        let plain = !isEmpty && first?.isASCIILetter == true && last != " " && last != ":"
            && allSatisfy { $0.isASCIILetter || $0.isASCII && $0.isNumber || " _-./".contains($0) }
        // Words that other readers of YAML take for something else.
        guard !plain || ["null", "true", "false", "yes", "no", "on", "off"].contains(lowercased()) else { return self }
        var writer = JSONWriter()
        writer.string(self)
        // Ends of lines to YAML.
        return ["85", "2028", "2029"].reduce(String(decoding: writer.bytes, as: UTF8.self)) { text, digits in
            guard let end = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) else { return text }
            return text.replacingOccurrences(of: String(Character(end)), with: "\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
        }
    }
}

extension Character {
    fileprivate var isASCIILetter: Bool { isASCII && isLetter }
}
