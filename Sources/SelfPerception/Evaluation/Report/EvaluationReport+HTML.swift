extension EvaluationReport {
    /// One page that needs no other file: pictures are inside it.
    public var html: String {
        var body = "<h1>Evaluation</h1>\n<ul>\n"
        for method in methods {
            body += "<li><b>\(method.name.escapedForHTML)</b>: \(Self.description(of: method).escapedForHTML)</li>\n"
        }
        body += "</ul>\n"
        for table in comparison { body += table.html(heading: 2) }
        for set in setNames {
            guard let first = results(of: set).first?.result else { continue }
            body += "<h2>\(set.escapedForHTML)</h2>\n<p>\(first.defective) defective, \(first.good) good parts</p>\n"
            for table in tables(of: set) { body += table.html(heading: 3) }
            for method in methods {
                for gallery in method.galleries where gallery.set == set {
                    body += gallery.html(method: methods.count > 1 ? method.name : nil)
                }
            }
        }
        body += "<h2>Notes</h2>\n" + notes.map { "<p>\($0.escapedForHTML)</p>\n" }.joined()
        if !skippedFiles.isEmpty {
            body += "<h2>Left out</h2>\n<ul>\n" + skippedFiles.map { "<li>\($0.escapedForHTML)</li>\n" }.joined() + "</ul>\n"
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>flawd evaluate</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            \(body)</body>
            </html>

            """
    }

    private static let style = """
        body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c1c1c; background: #fff; }
        h1, h2, h3, h4 { line-height: 1.2; }
        h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; padding-bottom: .25rem; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; margin: .5rem 0 1rem; }
        th, td { padding: .25rem .7rem; border-bottom: 1px solid #ddd; text-align: left; white-space: nowrap; }
        th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; }
        .case { margin: .6rem 0 1.2rem; }
        .case p { margin: 0 0 .25rem; }
        .panels { display: flex; flex-wrap: wrap; gap: .6rem; }
        figure { margin: 0; }
        figcaption { font-size: .85rem; color: #555; }
        img { display: block; max-width: 16rem; max-height: 16rem; image-rendering: auto; }
        """
}

extension ReportTable {
    func html(heading level: Int) -> String {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.enumerated().map { column, cell in
                "<\(tag)\(column < wordColumns ? "" : " class=\"n\"")>\(cell.escapedForHTML)</\(tag)>"
            }.joined() + "</tr>\n"
        }
        return "<h\(level)>\(title.escapedForHTML)</h\(level)>\n<div class=\"scroll\"><table>\n<thead>\n\(row(header, "th"))</thead>\n<tbody>\n"
            + rows.map { row($0, "td") }.joined() + "</tbody>\n</table></div>\n"
    }
}

extension CaseGallery.Cases {
    func html(method: String?) -> String {
        var text = ""
        for kind in CaseGallery.Kind.allCases {
            let cases = cases.filter { $0.kind == kind }
            guard !cases.isEmpty else { continue }
            text += "<h4>\(kind.title.escapedForHTML)\(method.map { ", \($0.escapedForHTML)" } ?? "")</h4>\n"
            for one in cases {
                text += "<div class=\"case\"><p>\(one.text.escapedForHTML)</p><div class=\"panels\">\n"
                for panel in one.panels {
                    text += "<figure><img alt=\"\(panel.caption.escapedForHTML)\" src=\"data:image/jpeg;base64,\(panel.base64)\">"
                        + "<figcaption>\(panel.caption.escapedForHTML)</figcaption></figure>\n"
                }
                text += "</div></div>\n"
            }
        }
        return text
    }
}

extension String {
    /// As text or as a value in quotes. Control characters, which HTML does not allow, are shown as replaced.
    var escapedForHTML: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case _ where scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t": text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
