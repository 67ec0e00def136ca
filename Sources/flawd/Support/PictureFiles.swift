import Foundation
import Imaging
import Service

/// The JPEG files that a command line names.
enum PictureFiles {
    /// - Throws: `InvalidInput` naming the file.
    static func read(_ path: String) throws -> RGBImage {
        let picture = RGBImage()
        do {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try bytes.withUnsafeBytes { try JPEGDecoder().decode($0, into: picture) }
        } catch let error as ImagingError {
            throw InvalidInput("\(path): \(error)")
        } catch {
            throw InvalidInput("\(path): \(error.localizedDescription)")
        }
        return picture
    }

    /// Files as given, folders as the JPEG files in them, each folder in the natural order of names.
    ///
    /// - Throws: `InvalidInput` when a path does not exist or nothing is left.
    static func list(_ paths: [String]) throws -> [String] {
        var files: [String] = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw InvalidInput("\(path): no such file or folder")
            }
            guard isFolder.boolValue else {
                files.append(path)
                continue
            }
            let names: [String]
            do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
                throw InvalidInput("\(path): \(error.localizedDescription)")
            }
            files += names.filter { ["jpg", "jpeg"].contains(URL(fileURLWithPath: $0).pathExtension.lowercased()) }
                .sorted(by: naturallyPrecedes)
                .map { "\(path)/\($0)" }
        }
        guard !files.isEmpty else { throw InvalidInput("\(paths.joined(separator: ", ")): no JPEG files (.jpg, .jpeg) there") }
        return files
    }
}
