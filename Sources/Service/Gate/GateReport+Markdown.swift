import SelfPerception

extension GateReport {
    /// Rows of the table of changed frames; JSON has all that are listed.
    private static let mostRows = 100

    /// The whole report, line by line.
    public var markdown: [String] {
        var lines = ["# Gate", "", "**\(headline)**", ""]
        lines += objections.map { "- **\($0)**" } + findings.map { "- \($0)" } + ["- \(rateLine)"]
        for table in [verdictTable, regionTable, changeTable(most: Self.mostRows)] where !table.rows.isEmpty {
            lines += ["", "## \(table.title)", ""] + table.markdown
        }
        let more = changes.count - min(changes.count, Self.mostRows) + unlistedChanges
        if more > 0 { lines += ["", "and \(more) more\(changes.count > Self.mostRows ? "; --json lists up to \(GateTally.mostChanges) of each kind" : "")"] }
        return lines.map(\.withoutControls)
    }
}
