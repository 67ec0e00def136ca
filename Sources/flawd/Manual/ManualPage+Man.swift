extension ManualPage {
    /// The page in the macros of man(7).
    var man: String {
        var lines = [".TH \(Self.quoted(name.uppercased())) \(section) \"\" \(Self.quoted("flawd \(Flawd.version)")) \(Self.quoted("flawd"))"]
        for block in everything {
            switch block {
            case .heading(let text): lines.append(".SH \(Self.quoted(text.uppercased()))")
            case .subheading(let text): lines.append(".SS \(Self.quoted(text))")
            case .paragraph(let text): lines += [".PP", Self.line(text)]
            case .entry(let term, let text): lines += [".TP", "\\fB\(Self.escaped(term))\\fR", Self.line(text)]
            case .code(let text):
                lines += [".PP", ".EX"] + text.split(separator: "\n", omittingEmptySubsequences: false).map { Self.guarded(Self.escaped($0)) } + [".EE"]
            }
        }
        // A heading brings its own distance.
        var page: [String] = []
        for line in lines {
            if line == ".PP", let last = page.last, last.hasPrefix(".SH") || last.hasPrefix(".SS") { continue }
            page.append(line)
        }
        return page.joined(separator: "\n")
    }

    private static func line(_ text: String) -> String {
        guarded(pieces(of: text).map { $0.isCode ? "\\fB\(escaped($0.text))\\fR" : escaped($0.text) }.joined())
    }

    /// What roff would take for its own in the middle of a line. A hyphen that is typed, as in an option, must not become a dash.
    private static func escaped(_ text: some StringProtocol) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            case "'": escaped += "\\(aq"
            case "`": escaped += "\\(ga"
            case "^": escaped += "\\(ha"
            case "~": escaped += "\\(ti"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    /// A full stop at the beginning of a line would be a request.
    private static func guarded(_ line: String) -> String { line.hasPrefix(".") ? "\\&\(line)" : line }

    private static func quoted(_ text: String) -> String {
        "\"" + escaped(text).split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\(dq") + "\""
    }
}
