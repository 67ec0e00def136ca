import Foundation
import SegmentAnything

/// A list that flawd and people keep: keys, tokens.
enum ListFile {
    /// Puts another text in the list's place, at once. Who may read it stays as it was; a new list everybody may, for it has no secrets.
    static func replace(_ list: String, with text: String) throws {
        var status = stat()
        let mode = stat(list, &status) == 0 ? status.st_mode & 0o777 : 0o644
        try OutputFile.requireFolder(of: list)
        try OutputFile.write(text, to: list, overwrite: true, mode: mode)
    }
}
