import Foundation

/// Standard output and error as people and pipes see them.
enum Terminal {
    enum Color: String { case green = "32", yellow = "33", red = "31", magenta = "35", dim = "2" }

    static let outputIsTerminal = isatty(STDOUT_FILENO) != 0
    static let errorIsTerminal = isatty(STDERR_FILENO) != 0

    /// Colours text for a terminal; NO_COLOR and pipes get it plain.
    static func colored(_ text: String, _ color: Color) -> String {
        guard outputIsTerminal, ProcessInfo.processInfo.environment["NO_COLOR"] == nil else { return text }
        return "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m"
    }

    /// One line, at once: a pipe's reader sees it when it happens.
    static func print(_ line: String) { write(line + "\n", to: FileHandle.standardOutput) }

    /// A result for scripts: indented, its keys in order.
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func printError(_ line: String) { write(line + "\n", to: FileHandle.standardError) }

    /// Progress in place on a terminal; nothing elsewhere.
    static func progress(_ text: String) {
        guard errorIsTerminal else { return }
        write("\r\u{1B}[K\(text)", to: FileHandle.standardError)
    }

    /// How far work has come: in place on a terminal, a line every hundred pieces in a log.
    static func count(_ what: String, _ done: Int, of total: Int, _ pieces: String) {
        if errorIsTerminal {
            progress("\(what): \(done) of \(total) \(pieces)")
        } else if done % 100 == 0 {
            printError("\(what): \(done) of \(total) \(pieces)")
        }
    }

    /// A closed pipe ends what we say, not what we do.
    private static func write(_ text: String, to file: FileHandle) { try? file.write(contentsOf: Data(text.utf8)) }

    /// Text from outside without control characters: it may stand in a terminal.
    static func clean(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }
}
