import Foundation
import SegmentAnything

extension CalibrationResult {
    /// The region file's text with the chosen limits in it.
    ///
    /// - Parameters:
    ///   - path: of the file that was calibrated; it must not have changed since.
    ///   - command: what was asked for, as the comment tells it.
    /// - Throws: ``FileError`` where the file changed, or is written in a way that cannot be edited.
    public func editedFile(path: String, revision: String, date: Date, command: String) throws(FileError) -> String {
        let source = try YAMLSource(path: path, kind: .regions)
        guard source.revision == revision else {
            throw FileError(file: path, "changed while frames were inspected; calibrate again")
        }
        let chosen = zip(regions, limits).filter { $0.0.after != nil }.map { ($0.name, $1) }
        var editor = RegionFileEditor(source)
        let day = date.formatted(.iso8601.year().month().day())
        return try editor.file(
            with: Dictionary(uniqueKeysWithValues: chosen), camera: camera, comments: comments(date: day, command: command))
    }
}
