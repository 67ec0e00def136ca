import Foundation

extension Tuner {
    /// Where a run leaves what.
    public struct Files: Sendable {
        public var output: String
        /// A folder for embeddings; nil: one beside the output, which goes with the end of the run.
        public var cache: String?
        public var overwrite: Bool
        /// What writes, for the metadata.
        public var program: String

        public init(output: String, cache: String?, overwrite: Bool, program: String) {
            self.output = output
            self.cache = cache
            self.overwrite = overwrite
            self.program = program
        }

        public var state: String { output + ".state" }
        var embeddings: String { cache ?? output + ".embeddings" }
    }

    /// The output can be written where it is to be, before anything is computed for it.
    static func requireFolder(of output: String) throws(TuningError) {
        let folder = URL(fileURLWithPath: output).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw TuningError(description: "\(output): cannot be written: there is no folder \(folder)")
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw TuningError(description: "\(output): cannot be written: the folder \(folder) may not be written to")
        }
    }
}
