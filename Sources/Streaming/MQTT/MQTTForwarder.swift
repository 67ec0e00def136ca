/// Publishes the journal's events to an MQTT broker. The journal is the queue: nothing counts as sent before the broker has acknowledged it, and
/// where a connection ends the next one goes on after the last event that was. So every event comes once at least, and subscribers drop
/// what comes again by `epoch` and `seq`. Made and used on one queue.
public final class MQTTForwarder {
    /// What people should know of.
    public enum Happening: Sendable {
        /// The broker takes events; so many wait.
        case connected(behind: UInt64)
        /// Events that the journal did not have any more.
        case gone(ClosedRange<UInt64>)
        /// The broker will never take this event.
        case refused(seq: UInt64, reason: String)
        /// The row of numbers began anew.
        case otherJournal(epoch: String)
        /// The journal cannot be read, or the position not be kept, for now.
        case trouble(JournalError)
    }

    /// Since the process began.
    public struct Progress: Sendable, Equatable {
        public var isConnected = false
        public var connections = 0
        /// Events that the broker has taken, those that it took again included.
        public var acknowledged: UInt64 = 0
        /// The last event of which, and of all before it, nothing is open.
        public var position: UInt64 = 0
        /// Events that left the journal before the broker took them, or that it does not take.
        public var lost: UInt64 = 0
        public init() {}
    }

    public internal(set) var progress = Progress() { didSet { observe(progress) } }
    /// Up to here everything was acknowledged.
    public internal(set) var position: OutputPosition

    let settings: MQTTSettings
    let journal: String
    let tell: (Happening) -> Void
    private let observe: (Progress) -> Void
    let file: PositionFile
    let utcNs: @Sendable () -> Int64
    private let build: String
    private let wake: WakeUp

    var reader: JournalReader?
    /// Attempts in a row at reading the journal that failed.
    var failures = 0
    /// As the file has it.
    var kept: OutputPosition?
    var nextKeeping = ContinuousClock.now

    /// How long a broker may keep an acknowledgement to itself.
    private static let patience = Duration.seconds(60)
    /// How long what is in the journal may still be sent once the daemon stops.
    private static let farewell = Duration.seconds(2)

    /// - Parameters:
    ///   - journal: path.
    ///   - position: see ``begin(journal:)``.
    ///   - build: content hash of the program.
    ///   - wake: raised when the journal has new events, and to end the matter.
    ///   - observe: gets every change of ``progress``, on the same queue.
    public init(
        settings: MQTTSettings, journal: String, position: OutputPosition, build: String, utcNs: @escaping @Sendable () -> Int64, wake: WakeUp,
        tell: @escaping (Happening) -> Void, observe: @escaping (Progress) -> Void = { _ in }
    ) {
        self.settings = settings
        self.journal = journal
        self.position = position
        self.build = build
        self.utcNs = utcNs
        self.wake = wake
        self.tell = tell
        self.observe = observe
        file = PositionFile(journal: journal)
    }

    /// Finds out where to go on, and keeps it, before this run writes to the journal.
    ///
    /// - Returns: the position, and for people what is special about it.
    /// - Throws: ``JournalError``: the position cannot be read or written.
    public static func begin(journal: String) throws(JournalError) -> (position: OutputPosition, note: String?) {
        let file = PositionFile(journal: journal)
        let beginning = try file.beginning(journal: journal)
        try file.write(beginning.position)
        return beginning
    }

    /// One connection from its beginning to its end.
    ///
    /// - Parameter isStopping: once true, what is in the journal is still sent, for two seconds at most.
    /// - Throws: ``MQTTError`` saying why the connection is over, unless it was ended.
    public func converse(isStopping: () -> Bool) throws(MQTTError) {
        let connection = try MQTTConnection(settings)
        try connection.open(will: .offline(utcNs: nil, settings.topics))
        try greet(connection, isStopping)
        guard !isStopping() else { return connection.close() }
        (progress.isConnected, progress.connections) = (true, progress.connections + 1)
        var window = MQTTWindow(), sent = position.seq
        try send(.online(build: build, utcNs: utcNs(), settings.topics), of: nil, connection, &window)
        tell(.connected(behind: behind))
        defer {
            progress.isConnected = false
            keep(isUrgent: true)
        }
        var mayHaveMore = true, deadline: ContinuousClock.Instant?, nextLook = ContinuousClock.now
        while true {
            if isStopping(), deadline == nil { (deadline, mayHaveMore) = (.now + Self.farewell, true) }
            // Now and then without being asked to, too: the journal may not have been readable.
            if window.isRoomy, mayHaveMore || .now >= nextLook {
                nextLook = .now + .seconds(1)
                mayHaveMore = try fill(&window, &sent, connection)
            }
            if let deadline, .now >= deadline || !mayHaveMore && window.isEmpty { break }
            let isWoken = try connection.serve(timeoutMs: mayHaveMore && window.isRoomy ? 0 : deadline == nil ? 1000 : 50, wake: wake)
            mayHaveMore = mayHaveMore || isWoken
            try settle(&window, connection)
            if let oldest = window.oldest, .now - oldest > Self.patience { throw MQTTError(settings.broker, "has acknowledged nothing for \(Self.patience)") }
            keep(isUrgent: false)
        }
        try part(connection, &window)
    }

    private func greet(_ connection: borrowing MQTTConnection, _ isStopping: () -> Bool) throws(MQTTError) {
        let deadline = ContinuousClock.now + MQTTConnection.patience
        while try !connection.isAccepted, !isStopping() {
            guard .now < deadline else { throw MQTTError(settings.broker, "no answer within \(MQTTConnection.patience)") }
            try connection.serve(timeoutMs: 100, wake: wake)
        }
    }

    private func part(_ connection: borrowing MQTTConnection, _ window: inout MQTTWindow) throws(MQTTError) {
        try send(.offline(utcNs: utcNs(), settings.topics), of: nil, connection, &window)
        let deadline = ContinuousClock.now + .seconds(1)
        while !window.isEmpty, .now < deadline {
            try connection.serve(timeoutMs: 50, wake: wake)
            try settle(&window, connection)
        }
        connection.close()
    }

    // MARK: Messages

    /// - Parameters:
    ///   - event: that the message tells of.
    ///   - isLast: whether no further message does.
    func send(
        _ message: MQTTMessage, of event: UInt64?, isLast: Bool = true, _ connection: borrowing MQTTConnection, _ window: inout MQTTWindow
    ) throws(MQTTError) {
        let id = try connection.publish(message)
        if id == nil { refuse(event, "\(message.topic): \(message.payload.count) bytes are more than the broker takes") }
        window.append(
            MQTTWindow.Entry(id: id, topic: message.topic, bytes: message.payload.count, event: event, isLast: isLast, isRefused: id == nil, sent: .now))
    }

    /// Takes in what the broker has acknowledged.
    private func settle(_ window: inout MQTTWindow, _ connection: borrowing MQTTConnection) throws(MQTTError) {
        for (id, reason) in connection.takeAcknowledged() {
            guard let entry = window.acknowledge(id, isRefused: reason >= 128), entry.isRefused else { continue }
            // What will never be taken must not hold up what comes after it; anything else somebody can put right.
            guard MQTTError.isOfMessage(reason) else { throw MQTTError(settings.broker, refusing: entry.topic, reason, settings.topics) }
            refuse(entry.event, "\(entry.topic): \(MQTTError.words(of: reason))")
        }
        let settled = window.takeSettled().filter { $0.isLast && $0.event != nil }
        guard let last = settled.last?.event else { return }
        position.seq = last
        (progress.acknowledged, progress.position) = (progress.acknowledged + UInt64(settled.count { !$0.isRefused }), last)
    }

    private func refuse(_ event: UInt64?, _ reason: String) {
        progress.lost += 1
        tell(.refused(seq: event ?? 0, reason: reason))
    }
}
