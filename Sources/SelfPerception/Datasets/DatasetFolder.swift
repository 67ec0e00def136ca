import Foundation
import Imaging

/// A folder of a data set, listed once. Names that begin with a dot are not there.
struct DatasetFolder {
    let path: String
    /// All entries, sorted.
    let names: [String]

    /// - Throws: ``DatasetError`` when it cannot be listed.
    init(_ path: String) throws(DatasetError) {
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw DatasetError(description: "\(path): cannot be listed: \(error.localizedDescription)")
        }
        self.path = path
    }

    /// A single file, as a folder that holds nothing else.
    init(file path: String) {
        self.path = (path as NSString).deletingLastPathComponent.isEmpty ? "." : (path as NSString).deletingLastPathComponent
        names = [(path as NSString).lastPathComponent]
    }

    func path(of name: String) -> String { "\(path)/\(name)" }

    func has(_ name: String) -> Bool { names.contains(name) }

    /// A folder in it; nil where there is none of this name.
    func folder(_ name: String) -> DatasetFolder? {
        guard names.contains(name), Self.isFolder(path(of: name)) else { return nil }
        return try? DatasetFolder(path(of: name))
    }

    /// The folders in it.
    var folders: [(name: String, folder: DatasetFolder)] {
        names.compactMap { name in
            Self.isEnding(name, of: PictureReader.endings.union(["json", "csv", "txt"])) ? nil : folder(name).map { (name, $0) }
        }
    }

    /// Files with one of these endings, in lower case and without dot.
    func files(_ endings: Set<String>) -> [String] { names.filter { Self.isEnding($0, of: endings) } }

    var pictures: [String] { files(PictureReader.endings) }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The products of a data set: its folders that `isProduct` accepts, by name, or the folder itself with an empty name.
    func products(_ isProduct: (DatasetFolder) -> Bool) -> [(category: String, folder: DatasetFolder)] {
        if isProduct(self) { return [("", self)] }
        let found = folders.filter { isProduct($0.folder) }
        return found.count == 1 ? [("", found[0].folder)] : found.map { ($0.name, $0.folder) }
    }

    static func isEnding(_ name: String, of endings: Set<String>) -> Bool {
        endings.contains((name as NSString).pathExtension.lowercased())
    }

    /// A file's name without its ending.
    static func stem(_ name: String) -> String { (name as NSString).deletingPathExtension }
}
