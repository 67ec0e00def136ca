import Inspection

/// Region files that came into force, until the journal has them: a verdict may name one that was replaced since.
public final class RegionArchive: Sendable {
    /// Those that no verdict has named yet: a file that is rewritten all the time must not fill the memory, but frames that are under way
    /// still name what was in force when they were inspected.
    private static let (fewest, mostBytes) = (16, 8 << 20)

    private struct State {
        /// In the order of their coming.
        var files: [(revision: String, bytes: [UInt8])] = []
    }

    private let state = Monitor(State())

    public init() {}

    public func add(_ file: RegionFile) { add(revision: file.revision, bytes: file.bytes) }

    func add(revision: String, bytes: [UInt8]) {
        state.update { state in
            guard !state.files.contains(where: { $0.revision == revision }) else { return }
            state.files.append((revision, bytes))
            var bytes = state.files.reduce(0) { $0 + $1.bytes.count }
            while state.files.count > Self.fewest, bytes > Self.mostBytes { bytes -= state.files.removeFirst().bytes.count }
        }
    }

    /// A file that has not been taken before; nil: it has, or nobody knows it.
    func takeNew(_ revision: String) -> [UInt8]? {
        state.update { state in
            guard let index = state.files.firstIndex(where: { $0.revision == revision }) else { return nil }
            return state.files.remove(at: index).bytes
        }
    }
}
