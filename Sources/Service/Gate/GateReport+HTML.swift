import SelfPerception

extension GateReport {
    /// One page that needs no other file, with pictures of the changes that matter most.
    public var html: String {
        func list(_ lines: [String], _ attribute: String = "") -> String {
            lines.isEmpty ? "" : "<ul\(attribute)>\n" + lines.map { "<li>\($0.escapedForHTML)</li>\n" }.joined() + "</ul>\n"
        }
        var body = "<h1>Gate</h1>\n<p\(passes ? "" : " class=\"alarm\"")>\(headline.escapedForHTML)</p>\n"
        body += list(objections, " class=\"alarm\"") + list(findings + [rateLine])
        for table in [verdictTable, regionTable] where !table.rows.isEmpty { body += table.html(heading: 2) }
        for kind in GateChange.Kind.allCases {
            let shown = cases.filter { $0.change.kind == kind }
            guard !shown.isEmpty else { continue }
            body += "<h2>\(kind.title.escapedForHTML)</h2>\n"
            for one in shown { body += ReportPicture.html(one.text, one.pictures) }
        }
        let table = changeTable(most: GateTally.mostChanges)
        if !table.rows.isEmpty { body += table.html(heading: 2) }
        let more = changes.count - table.rows.count + unlistedChanges
        if more > 0 { body += "<p>and \(more) more</p>\n" }
        body += "<h2>Recordings</h2>\n" + list(recordings)
        return ReportPage(title: "flawd replay --gate", body: body).html
    }
}

extension GateChange.Kind {
    var title: String {
        switch self {
        case .escape: "Escapes: fail → pass"
        case .overkill: "Overkill: pass → fail"
        case .other: "Other changes of verdict"
        case .drift: "The same verdict by other scores or masks"
        }
    }
}
