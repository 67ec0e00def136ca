/// Keeps a subscriber's row of events whole: what it was away for and what the socket dropped is asked for, and nothing comes twice.
///
/// Subscribe first, then `begin`, then give `follow` every message. Events come in the order of their numbers. Not thread-safe.
public final class EventFollower {
    /// Up to here everything has been told.
    public private(set) var position: UInt64
    /// Of the journal that `position` is of; nil before the first answer, unless it was given.
    public private(set) var epoch: String?
    /// What could not be whole, for people; at most ``mostNotes``.
    public private(set) var notes: [String] = []
    /// Events that the journal did not have any more.
    public private(set) var gone: UInt64 = 0

    private static let mostNotes = 20

    private let camera: String
    private let ask: (CatchUpRequest) throws -> CatchUpAnswer?

    /// - Parameters:
    ///   - since: the number of the last event that is known; 0: none is.
    ///   - epoch: of that event, where it is known.
    ///   - camera: only of cameras whose names begin so.
    ///   - ask: nil: no answer came.
    public init(since: UInt64, epoch: String? = nil, camera: String = "", ask: @escaping (CatchUpRequest) throws -> CatchUpAnswer?) {
        position = since
        self.epoch = epoch
        self.camera = camera
        self.ask = ask
    }

    /// Asks for everything up to the present.
    ///
    /// - Parameter take: gets events as JSON; false ends the matter.
    /// - Returns: false: nobody answered.
    public func begin(_ take: (_ json: [UInt8]) -> Bool) throws -> Bool { try fill(take) }

    /// Takes a message: an event is told when it is the next one, or after those that are missing before it; a heartbeat may say that the
    /// last ones are missing; status events are told as they come; the rest is not for `take`.
    ///
    /// - Parameter parts: topic and JSON.
    public func follow(_ parts: [[UInt8]], _ take: (_ json: [UInt8]) -> Bool) throws {
        guard parts.count == 2, let fields = try? JSONReader.object(parts[1]), case .string(let type)? = fields["type"] else { return }
        if type == "status" {
            _ = take(parts[1])
            return
        }
        guard case .integer(let number)? = fields["seq"], number >= 0, case .string(let other)? = fields["epoch"] else { return }
        let seq = UInt64(number)
        if other == epoch, seq <= position { return }
        if other == epoch, type != "heartbeat", seq - 1 == position {
            position = seq
            if case .string(let name)? = fields["camera"], name.utf8.starts(with: camera.utf8) { _ = take(parts[1]) }
        } else {
            // Of another epoch: whether it is the newer one only the daemon knows, for a message may wait longer than its journal lives.
            // Where nobody answers, the next heartbeat asks again.
            _ = try fill(take)
        }
    }

    private func fill(_ take: ([UInt8]) -> Bool) throws -> Bool {
        while true {
            switch try ask(CatchUpRequest(since: position, epoch: epoch, camera: camera)) {
            case nil: return false
            case .events(let events, let next, let epoch, let high)?:
                self.epoch = epoch
                for json in events {
                    guard case .integer(let number)? = try JSONReader.object(json)["seq"], let seq = UInt64(exactly: number), seq > position else {
                        throw StreamingError("an event that does not come after \(position)")
                    }
                    position = seq
                    guard take(json) else { return true }
                }
                guard next >= position, next > 0 || high == 0 else { throw StreamingError("a page that ends at \(next), before its last event") }
                let isStuck = events.isEmpty && next < high
                position = next
                if next >= high || isStuck { return true }
            case .gone(let oldest, let epoch, _)?:
                guard oldest > 0, oldest - 1 > position else { throw StreamingError("events are gone that were not asked for") }
                self.epoch = epoch
                gone += oldest - position - 1
                note("events \(position + 1) to \(oldest - 1) are no longer in the journal")
                position = oldest - 1
            case .otherEpoch(let epoch, _)?:
                guard epoch != self.epoch || position > 0 else { throw StreamingError("the journal calls its own epoch another one") }
                turn(to: epoch)
            case .error(let detail)?:
                // For now: the next heartbeat asks again.
                note("the daemon could not answer: \(detail)")
                return false
            }
        }
    }

    /// The row of numbers begins anew.
    private func turn(to epoch: String) {
        if let known = self.epoch, known != epoch {
            note("the journal began anew: epoch \(epoch) after \(known)")
        } else if position > 0 {
            note("the journal ends before event \(position); its events are told from the first on")
        }
        self.epoch = epoch
        position = 0
    }

    private func note(_ text: String) { if notes.count < Self.mostNotes { notes.append(text) } }
}
