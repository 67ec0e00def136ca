import Foundation

/// One HTML page that needs no other file, readable on light and dark screens.
public struct ReportPage: Sendable {
    public var title: String
    /// HTML.
    public var body: String

    public init(title: String, body: String) {
        self.title = title
        self.body = body
    }

    public var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title.escapedForHTML)</title>
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
        :root { color-scheme: light dark; --text: #1c1c1c; --page: #fff; --line: #ddd; --rule: #ccc; --quiet: #555; --alarm: #b00020; }
        @media (prefers-color-scheme: dark) {
        :root { --text: #e6e6e6; --page: #161616; --line: #383838; --rule: #4a4a4a; --quiet: #a8a8a8; --alarm: #ff7b86; }
        }
        body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--text); background: var(--page); }
        h1, h2, h3, h4 { line-height: 1.2; }
        h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--rule); padding-bottom: .25rem; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; margin: .5rem 0 1rem; }
        th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
        th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; }
        .alarm { color: var(--alarm); font-weight: 600; }
        .case { margin: .6rem 0 1.2rem; }
        .case p { margin: 0 0 .25rem; }
        .panels { display: flex; flex-wrap: wrap; gap: .6rem; }
        figure { margin: 0; }
        figcaption { font-size: .85rem; color: var(--quiet); }
        img { display: block; max-width: 16rem; max-height: 16rem; image-rendering: auto; }
        img.wide { max-width: min(34rem, 100%); max-height: 34rem; }
        """
}

/// A picture inside a page.
public struct ReportPicture: Sendable {
    public var caption: String
    /// A JPEG.
    public var base64: String
    /// Shown larger than beside three others.
    public var isWide = false

    public init(caption: String, base64: String) {
        self.caption = caption
        self.base64 = base64
    }

    public init(caption: String, jpeg: [UInt8], isWide: Bool = false) {
        self.init(caption: caption, base64: Data(jpeg).base64EncodedString())
        self.isWide = isWide
    }

    /// A case of a report: what is said of it, and its pictures side by side.
    public static func html(_ text: String, _ pictures: [ReportPicture]) -> String {
        var html = "<div class=\"case\"><p>\(text.escapedForHTML)</p><div class=\"panels\">\n"
        for picture in pictures {
            html += "<figure><img\(picture.isWide ? " class=\"wide\"" : "") alt=\"\(picture.caption.escapedForHTML)\" src=\"data:image/jpeg;base64,\(picture.base64)\">"
                + "<figcaption>\(picture.caption.escapedForHTML)</figcaption></figure>\n"
        }
        return html + "</div></div>\n"
    }
}

extension String {
    /// As text or as a value in quotes. Control characters, which HTML does not allow, are shown as replaced.
    public var escapedForHTML: String {
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
