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
}
