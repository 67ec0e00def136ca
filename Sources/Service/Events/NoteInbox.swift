import Streaming

/// What people say of verdicts and what they change, on its way to the journal. The thread that publishes puts it there: the journal has
/// one writer.
final class NoteInbox: Sendable {
    /// That wait; more are refused.
    private static let most = 64

    struct Entry: Sendable {
        let notes: [JournalNote]
        fileprivate let answer: Monitor<Result<Void, any Error>?>

        func settle(_ result: Result<Void, any Error>) { answer.update { $0 = result } }
    }

    private struct State {
        var waiting: [Entry] = []
        var isClosed = false
    }

    private let state = Monitor(State())

    /// Waits until the notes are committed. Not on one of Swift's threads.
    ///
    /// - Throws: `NoteRefusal`, or what the ledger threw.
    func keep(_ notes: [JournalNote]) throws {
        let entry = Entry(notes: notes, answer: Monitor(nil))
        try state.update { state in
            guard !state.isClosed else { throw NoteRefusal.stopping }
            guard state.waiting.count < Self.most else { throw NoteRefusal.busy }
            state.waiting.append(entry)
        }
        try entry.answer.wait { $0 }.get()
    }

    func takeAll() -> [Entry] {
        guard state.read({ !$0.waiting.isEmpty }) else { return [] }
        return state.update { state in
            defer { state.waiting.removeAll() }
            return state.waiting
        }
    }

    /// Nothing is kept any more.
    func close() {
        let left = state.update { state in
            defer { state.waiting.removeAll() }
            state.isClosed = true
            return state.waiting
        }
        for entry in left { entry.settle(.failure(NoteRefusal.stopping)) }
    }
}

/// Why what people say is not kept.
enum NoteRefusal: Error, CustomStringConvertible {
    case noJournal, stopping, busy

    var description: String {
        switch self {
        case .noJournal: "there is no journal to keep it in: give the configuration a journal:"
        case .stopping: "flawd is stopping"
        case .busy: "too much waits for the journal; try again"
        }
    }
}
