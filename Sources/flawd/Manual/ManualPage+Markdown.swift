extension ManualPage {
    /// The page in CommonMark.
    var markdown: String {
        var text = "# \(name)(\(section))\n"
        var isInList = false
        for block in everything {
            if case .entry = block, isInList {} else { text += "\n" }
            isInList = false
            switch block {
            case .heading(let title): text += "## \(title)\n"
            case .subheading(let title): text += "### \(Self.escaped(title))\n"
            case .paragraph(let paragraph): text += "\(Self.line(paragraph))\n"
            case .entry(let term, let description):
                text += "- `\(term)`: \(Self.line(description))\n"
                isInList = true
            case .code(let code): text += "```\n\(code)\n```\n"
            }
        }
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    private static func line(_ text: String) -> String {
        pieces(of: text).map { $0.isCode ? "`\($0.text)`" : escaped($0.text) }.joined()
    }

    /// What Markdown would take for its own.
    private static func escaped(_ text: some StringProtocol) -> String {
        var escaped = ""
        for character in text {
            if "\\*_<>[]".contains(character) { escaped += "\\" }
            escaped.append(character)
        }
        return escaped
    }
}
