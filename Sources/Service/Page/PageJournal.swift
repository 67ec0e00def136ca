import Streaming

/// The journal, as the page reads it.
struct PageJournal: Sendable {
    /// nil: nothing is kept.
    let path: String?

    /// - Parameter isBounded: what takes longer than five seconds is given up, for others wait behind whoever searches.
    /// - Throws: `PageRefusal` where there is none; `JournalError`.
    func reader(isBounded: Bool = true) throws -> JournalReader {
        guard let path else { throw PageRefusal(.notFound, "nothing is kept without a journal: give the configuration a journal:") }
        let reader = try JournalReader(path: path)
        if isBounded { reader.giveUp(afterSeconds: 5) }
        return reader
    }
}
