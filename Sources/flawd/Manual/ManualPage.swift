/// A page of the manual, before it is man or Markdown. In its texts, `code` stands between backticks.
struct ManualPage {
    enum Block: Equatable {
        case heading(String)
        case subheading(String)
        case paragraph(String)
        /// A term, such as a key or an option, and what is said of it.
        case entry(String, String)
        /// Lines that stay as they are.
        case code(String)
    }

    /// As `man` is asked for it, and the manual's section: `flawd.yaml`, 5.
    var name: String
    var section: Int
    /// One line, without a full stop.
    var purpose: String
    var blocks: [Block]
    /// Other pages: `flawd(1)`.
    var seeAlso: [String]

    /// All of it, the parts that every page has included.
    var everything: [Block] {
        [.heading("Name"), .paragraph("\(name) - \(purpose)")] + blocks + [.heading("See also"), .paragraph(seeAlso.joined(separator: ", "))]
    }
}

extension ManualPage {
    /// Pieces of a text that are code, and those between them.
    static func pieces(of text: String) -> [(text: Substring, isCode: Bool)] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .map { (text: $1, isCode: $0 % 2 == 1) }
            .filter { !$0.text.isEmpty }
    }
}
