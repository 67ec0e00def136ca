/// A table of a report, before it is Markdown or HTML.
public struct ReportTable: Sendable {
    public var title: String
    public var header: [String]
    /// As many cells a row as the header has.
    public var rows: [[String]]
    /// Leading columns that hold words; the others hold figures.
    public var wordColumns: Int

    public init(title: String, header: [String], rows: [[String]], wordColumns: Int = 1) {
        self.title = title
        self.header = header
        self.rows = rows
        self.wordColumns = wordColumns
    }

    /// The columns are padded, so that it reads well on a terminal too.
    public var markdown: [String] {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column < wordColumns ? cell.0 + space : space + cell.0
            }
            return "| \(padded.joined(separator: " | ")) |"
        }
        let rule = widths.enumerated().map { column, width in
            column < wordColumns ? String(repeating: "-", count: max(3, width)) : String(repeating: "-", count: max(2, width - 1)) + ":"
        }
        return [line(header.map(Self.cell)), "|" + rule.map { " \($0) " }.joined(separator: "|") + "|"] + rows.map { line($0.map(Self.cell)) }
    }

    /// A bar would end the cell.
    private static func cell(_ text: String) -> String { text.replacing("|", with: "/") }

    public func html(heading level: Int) -> String {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.enumerated().map { column, cell in
                "<\(tag)\(column < wordColumns ? "" : " class=\"n\"")>\(cell.escapedForHTML)</\(tag)>"
            }.joined() + "</tr>\n"
        }
        return "<h\(level)>\(title.escapedForHTML)</h\(level)>\n<div class=\"scroll\"><table>\n<thead>\n\(row(header, "th"))</thead>\n<tbody>\n"
            + rows.map { row($0, "td") }.joined() + "</tbody>\n</table></div>\n"
    }
}

extension EvaluationReport {
    /// The tables of one data set.
    func tables(of set: String) -> [ReportTable] {
        let results = results(of: set)
        return [maskTable(results), lineTable(results), heldOutTable(results)].filter { !$0.rows.isEmpty }
    }

    /// All data sets beside one another, where there are several.
    var comparison: [ReportTable] {
        let sets = setNames
        guard sets.count > 1 else { return [] }
        let masks = prompts.map { prompt in
            comparison("Refined IoU / bIoU, \(prompt.rawValue)", sets) { result in
                result.masks[prompt].map { [$0.refinedIoU, $0.refinedBoundaryIoU] }
            }
        }
        let line = [
            comparison("Image AUROC", sets) { $0.line.imageAUROC.map { [$0] } },
            comparison("Pixel AUROC / AUPRO(0.3)", sets) { result in
                result.line.pixelAUROC.flatMap { pixel in result.line.perRegionOverlap.map { [pixel, $0] } }
            },
        ]
        return (masks + line).filter { !$0.rows.isEmpty }
    }

    /// One row a method, one column a data set, and the means over those that have figures.
    private func comparison(_ title: String, _ sets: [String], _ figures: (SetResult) -> [Double]?) -> ReportTable {
        let rows: [[String]] = methods.compactMap { method in
            let found = sets.map { set in method.sets.first { $0.name == set }.flatMap(figures) }
            let known = found.compactMap(\.self)
            guard let first = known.first else { return nil }
            let means = first.indices.map { index in known.map { $0[index] }.reduce(0, +) / Double(known.count) }
            return [method.name] + (found + [means]).map { $0.map { $0.map { fixed($0, 3) }.joined(separator: " / ") } ?? "–" }
        }
        return ReportTable(title: title, header: ["method"] + sets + ["mean"], rows: rows)
    }

    private func maskTable(_ results: [(method: String, result: SetResult)]) -> ReportTable {
        let rows = prompts.flatMap { prompt in
            results.compactMap { method, result in
                result.masks[prompt].map { quality in
                    [prompt.rawValue, method] + [
                        quality.draftIoU, quality.refinedIoU, quality.draftBoundaryIoU, quality.refinedBoundaryIoU,
                    ].map { fixed($0, 3) }
                }
            }
        }
        return ReportTable(
            title: "Masks", header: ["prompt", "method", "draft IoU", "refined IoU", "draft bIoU", "refined bIoU"], rows: rows,
            wordColumns: 2)
    }

    private func lineTable(_ results: [(method: String, result: SetResult)]) -> ReportTable {
        let rates = results.first?.result.line.presorted.map(\.rate.number) ?? []
        let rows = results.map { method, result in
            let line = result.line
            let figures = [line.imageAUROC, line.imageF1, line.pixelAUROC, line.pixelF1, line.perRegionOverlap]
            return [method] + (figures + line.presorted.flatMap { [$0.good, $0.bad] }).map { $0.map { fixed($0, 3) } ?? "–" }
        }
        return ReportTable(
            title: "Parts and pixels",
            header: ["method", "image AUROC", "best image F1", "pixel AUROC", "best pixel F1", "AUPRO(0.3)"]
                + rates.flatMap { ["PG\($0)", "PB\($0)"] },
            rows: rows)
    }

    private func heldOutTable(_ results: [(method: String, result: SetResult)]) -> ReportTable {
        let rows = results.flatMap { method, result in
            result.line.heldOut.map { errors in
                [
                    errors.target, method, errors.limits.map { fixed($0, 3) }.joined(separator: ", "),
                    Self.share(errors.escapes, errors.defective, errors.escapeInterval),
                    Self.share(errors.overkill, errors.good, errors.overkillInterval),
                ]
            }
        }
        return ReportTable(
            title: "Held out", header: ["chosen for", "method", "limit", "escapes", "overkill"], rows: rows, wordColumns: 2)
    }

    private static func share(_ count: Int, _ total: Int, _ interval: BinomialInterval) -> String {
        guard total > 0 else { return "no parts" }
        func percent(_ rate: Double) -> String { fixed(100 * rate, 1) }
        return "\(count) of \(total), \(percent(Double(count) / Double(total)))% (\(percent(interval.lower)) – \(percent(interval.upper)))"
    }
}

extension Double {
    /// A rate as the n of PGn.
    fileprivate var number: String { String(percent.dropLast()) }
}
