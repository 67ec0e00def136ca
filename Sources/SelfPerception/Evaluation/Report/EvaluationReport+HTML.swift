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
        return ReportPage(title: "flawd evaluate", body: body).html
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
                text += ReportPicture.html(one.text, one.panels)
            }
        }
        return text
    }
}
