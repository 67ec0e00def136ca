/// A file's decoded contents that can be replaced while everyone reads them. A bad new file leaves the old contents in force.
public final class ReloadableFile<Contents: Sendable>: Sendable {
    public enum Outcome: Sendable {
        case replaced(Contents)
        /// The old contents stay in force.
        case refused(any Error)
    }

    private struct State {
        var path: String
        var contents: Contents
        /// Of the last attempt, good or bad: a bad file is reported once.
        var signature: FileSignature?
        /// What is wrong with the file of that attempt; nil: it is the one in force.
        var problem: String?
        /// Of a file that has changed but may still be being written.
        var unsettled: FileSignature?
    }

    /// What a file holds, not yet in force.
    public struct Loaded: Sendable {
        public let path: String
        public let contents: Contents
        fileprivate let signature: FileSignature?
    }

    private let read: @Sendable (String) throws -> Contents
    private let state: Monitor<State>

    /// - Throws: what `load` throws.
    public init(path: String, load: @escaping @Sendable (String) throws -> Contents) throws {
        read = load
        let signature = FileSignature(path)
        state = Monitor(State(path: path, contents: try load(path), signature: signature))
    }

    public var path: String { state.read { $0.path } }
    public var current: Contents { state.read { $0.contents } }

    /// What is wrong with the file as it was read last; nil: it is the one in force.
    public var problem: String? { state.read { $0.problem } }

    /// Reads a file, this or another, without putting it in force.
    ///
    /// - Throws: what the loading of contents throws.
    public func load(_ path: String) throws -> Loaded {
        // Taken before reading: what is written while the file is being read is noticed at the next look.
        let signature = FileSignature(path)
        return Loaded(path: path, contents: try read(path), signature: signature)
    }

    /// Puts what was read in force.
    public func take(_ loaded: Loaded) {
        state.update { $0 = State(path: loaded.path, contents: loaded.contents, signature: loaded.signature) }
    }

    /// The file as it is now has been read, and is not usable.
    func takeNote(of error: any Error) {
        let signature = FileSignature(path)
        state.update { ($0.signature, $0.problem) = (signature, "\(error)") }
    }

    /// Reads the file again.
    public func reload() -> Outcome {
        let path = path, signature = FileSignature(path)
        do {
            let loaded = try load(path)
            take(loaded)
            return .replaced(loaded.contents)
        } catch {
            state.update { ($0.signature, $0.problem) = (signature, "\(error)") }
            return .refused(error)
        }
    }

    /// Reads the file again if it is no longer the one that was read last. A file that is gone for the moment (an editor replaces it) is looked
    /// for again next time.
    ///
    /// - Parameter waitsToSettle: only if it is the same as at the last look, too: half a file may be a valid one with fewer regions. Whoever
    ///   knows that the writer has closed it need not wait.
    public func reloadIfChanged(waitsToSettle: Bool = true) -> Outcome? {
        guard let signature = FileSignature(path), signature != state.read({ $0.signature }) else { return nil }
        guard waitsToSettle else { return reload() }
        let isSettled = state.update { state in
            defer { state.unsettled = signature }
            return state.unsettled == signature
        }
        return isSettled ? reload() : nil
    }
}
