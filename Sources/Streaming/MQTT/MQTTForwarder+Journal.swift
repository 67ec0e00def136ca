/// Out of the journal, and the position beside it.
extension MQTTForwarder {
    /// Between two writings of the position: what was acknowledged since comes again after a sudden death.
    private static let keepingInterval = Duration.seconds(1)

    /// Sends what follows after `sent`, as much as there is room for.
    ///
    /// - Returns: whether there may be more.
    func fill(_ window: inout MQTTWindow, _ sent: inout UInt64, _ connection: borrowing MQTTConnection) throws(MQTTError) -> Bool {
        guard let (page, epoch) = page(after: sent, limit: window.room) else { return false }
        // Behind the journal's end nobody can have been.
        if position.epoch != epoch || sent > page.extent.lastSeq {
            // First what the broker was given of the row before.
            guard window.isEmpty else { return true }
            if position.epoch != nil { tell(.otherJournal(epoch: epoch)) }
            position = OutputPosition(epoch: epoch, seq: 0)
            let isBegun = sent == 0
            sent = 0
            guard isBegun else { return true }
        }
        // Where the journal keeps nothing, everything up to its last number is gone.
        let oldest = page.extent.kept?.lowerBound ?? page.extent.lastSeq + 1
        if oldest > sent + 1 {
            let range = sent + 1 ... oldest - 1
            progress.lost += range.upperBound - sent
            tell(.gone(range))
            try send(.gone(range, epoch: epoch, utcNs: utcNs(), settings.topics), of: range.upperBound, connection, &window)
            sent = range.upperBound
        }
        // Of several verdicts of a camera only the last one is its state.
        var latest: [String: UInt64] = [:]
        for record in page.records where record.kind == .verdict { latest[record.camera] = record.seq }
        for record in page.records {
            let state = latest[record.camera] == record.seq ? MQTTMessage.state(record, epoch: epoch, settings.topics) : nil
            try send(MQTTMessage(record, settings.topics), of: record.seq, isLast: state == nil, connection, &window)
            if let state { try send(state, of: record.seq, connection, &window) }
            sent = record.seq
        }
        return !page.isLast
    }

    /// nil: the journal is not there yet, or cannot be read for now.
    private func page(after seq: UInt64, limit: Int) -> (JournalReader.Page, epoch: String)? {
        do throws(JournalError) {
            let reader = try opened()
            let page = try reader.page(after: seq, limit: limit, bytes: MQTTWindow.maxBytes / 4)
            failures = 0
            return (page, reader.epoch)
        } catch {
            reader = nil
            failures += 1
            // While the daemon starts, its journal is about to be begun.
            if failures > 2 { tell(.trouble(error)) }
            return nil
        }
    }

    private func opened() throws(JournalError) -> JournalReader {
        if let reader { return reader }
        let new = try JournalReader(path: journal)
        reader = new
        return new
    }

    /// Events that wait.
    var behind: UInt64 {
        guard let (page, epoch) = page(after: .max, limit: 1) else { return 0 }
        return epoch == position.epoch ? page.extent.lastSeq - min(page.extent.lastSeq, position.seq) : page.extent.lastSeq
    }

    /// Writes the position down, where it is another one than was written.
    ///
    /// - Parameter isUrgent: even if that was a moment ago.
    func keep(isUrgent: Bool) {
        guard position != kept, isUrgent || .now >= nextKeeping else { return }
        nextKeeping = .now + Self.keepingInterval
        do {
            try file.write(position)
            kept = position
        } catch {
            tell(.trouble(error))
        }
    }
}
