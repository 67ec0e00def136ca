import CMosquitto
import Foundation

/// One connection to a broker, from its beginning to its end. Made, used and closed on one queue.
///
/// libmosquitto starts no thread here: everything happens inside of `serve` and `publish`. Its own queue of messages is never relied upon; a
/// connection that ends takes what is under way with it, and the next one is told again from the journal.
struct MQTTConnection: ~Copyable {
    /// What the library calls back with.
    // The library has an unowned pointer to it, which `MQTTConnection` keeps valid until `mosquitto_destroy` has returned; the callbacks run only
    // inside of calls that the connection makes, so nothing here is touched by two threads.
    private final class Events {
        /// The broker's answer to the greeting; 0: welcome.
        var answer: Int32?
        /// Why the connection is over: the library's code below 128, else the broker's.
        var end: Int32?
        var acknowledged: [(id: Int32, reason: Int32)] = []
        /// What the library said of errors since the last call.
        var details: [String] = []

        private static let mostDetails = 4

        func note(_ text: String) { if details.count < Self.mostDetails { details.append(text) } }

        static func of(_ context: UnsafeMutableRawPointer?) -> Events? {
            context.map { Unmanaged<Events>.fromOpaque($0).takeUnretainedValue() }
        }
    }

    private let handle: OpaquePointer
    private let events: Events
    private let settings: MQTTSettings

    /// Once in a process; it also makes a write to a closed connection an error instead of a signal.
    private static let isReady = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.code

    /// How long a broker may take to answer the greeting.
    static let patience = Duration.seconds(10)

    init(_ settings: MQTTSettings) throws(MQTTError) {
        let events = Events()
        guard Self.isReady, let handle = mosquitto_new(settings.clientID, true, Unmanaged.passUnretained(events).toOpaque()) else {
            throw MQTTError(settings.broker, "libmosquitto cannot begin: \(String(cString: strerror(errno)))")
        }
        self.handle = handle
        self.events = events
        self.settings = settings
        mosquitto_connect_v5_callback_set(handle) { _, context, answer, _, _ in Events.of(context)?.answer = answer }
        mosquitto_disconnect_v5_callback_set(handle) { _, context, reason, _ in Events.of(context)?.end = reason }
        mosquitto_publish_v5_callback_set(handle) { _, context, id, reason, _ in Events.of(context)?.acknowledged.append((id, reason)) }
        mosquitto_log_callback_set(handle) { _, context, level, text in
            guard level == Int32(MOSQ_LOG_ERR), let text else { return }
            Events.of(context)?.note(String(cString: text).trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }

    deinit { withExtendedLifetime(events) { mosquitto_destroy(handle) } }

    // MARK: Beginning

    /// Begins to connect.
    ///
    /// Of a host with several addresses the first one is taken that does not refuse at once.
    ///
    /// - Parameter will: what the broker is to say when this connection ends without a farewell.
    func open(will: MQTTMessage) throws(MQTTError) {
        try check(mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, settings.version == .five ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311))
        try check(mosquitto_int_option(handle, MOSQ_OPT_SEND_MAXIMUM, Int32(MQTTWindow.maxMessages)))
        // Else a verdict waits for the acknowledgement of the one before, up to 40 ms.
        try check(mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1))
        try authenticate()
        if settings.broker.isEncrypted { try encrypt() }
        try check(will.payload.withUnsafeBytes { mosquitto_will_set(handle, will.topic, Int32(clamping: $0.count), $0.baseAddress, 1, will.isRetained) })
        try check(mosquitto_connect_async(handle, settings.broker.host, Int32(settings.broker.port), Int32(clamping: settings.keepAliveSeconds)))
    }

    private func authenticate() throws(MQTTError) {
        guard let username = settings.username else { return }
        var password: String?
        if let path = settings.passwordFile {
            do { password = try MQTTSettings.password(in: path) } catch { throw MQTTError(settings.broker, "\(path): \(error.description)") }
        }
        try check(mosquitto_username_pw_set(handle, username, password))
    }

    private func encrypt() throws(MQTTError) {
        if settings.caFile == nil { try check(mosquitto_int_option(handle, MOSQ_OPT_TLS_USE_OS_CERTS, 1)) }
        if settings.caFile != nil || settings.certificateFile != nil {
            // With a certificate of its own the library wants a place for the others' named, too: the system's, once more.
            let folder = settings.caFile == nil ? "/etc/ssl/certs" : nil
            // A key that has a password of its own is refused; OpenSSL would ask for it on the terminal.
            let code = mosquitto_tls_set(handle, settings.caFile, folder, settings.certificateFile, settings.keyFile) { _, _, _, _ in 0 }
            try check(code)
        }
        try check(mosquitto_tls_insecure_set(handle, false))
    }

    /// Whether the broker has said welcome.
    ///
    /// - Throws: ``MQTTError`` when it said something else.
    var isAccepted: Bool {
        get throws(MQTTError) {
            guard let answer = events.answer else { return false }
            guard answer == 0 else { throw MQTTError(settings.broker, refusal: answer, version: settings.version) }
            return true
        }
    }

    // MARK: Serving

    /// Lets the connection work, waiting for the broker or for `wake`.
    ///
    /// - Returns: whether it was woken.
    /// - Throws: ``MQTTError`` saying why the connection is over.
    @discardableResult func serve(timeoutMs: Int, wake: WakeUp) throws(MQTTError) -> Bool {
        // Until the broker has answered it is looked after every few milliseconds: in the middle of TLS's greeting the library does not always say
        // what it waits for.
        let isOpening = events.answer == nil
        var waited = [
            pollfd(fd: mosquitto_socket(handle), events: Int16(POLLIN) | (mosquitto_want_write(handle) && !isOpening ? Int16(POLLOUT) : 0), revents: 0),
            pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        guard waited[0].fd >= 0 else { throw ended() }
        // An interrupted wait is one in which nothing came.
        if poll(&waited, nfds_t(waited.count), Int32(clamping: isOpening ? min(timeoutMs, 20) : timeoutMs)) < 0 { (waited[0].revents, waited[1].revents) = (0, 0) }
        let isWoken = waited[1].revents != 0
        if isWoken { wake.clear() }
        if isOpening || waited[0].revents != 0 {
            try check(mosquitto_loop_read(handle, 1))
            if mosquitto_socket(handle) >= 0, mosquitto_want_write(handle) { try check(mosquitto_loop_write(handle, 1)) }
        }
        guard mosquitto_socket(handle) >= 0 else { throw ended() }
        try check(mosquitto_loop_misc(handle))
        return isWoken
    }

    private func ended() -> MQTTError {
        guard let end = events.end, end != 0 else { return MQTTError(settings.broker, "the connection was closed from there") }
        return end < 128 ? failure(end, errno) : MQTTError(settings.broker, refusal: end, version: settings.version)
    }

    /// What the broker acknowledged since this was asked last, each with its reason: from 128 on it was not taken.
    func takeAcknowledged() -> [(id: Int32, reason: Int32)] {
        defer { events.acknowledged.removeAll(keepingCapacity: true) }
        return events.acknowledged
    }

    // MARK: Publishing

    /// Hands a message to the broker, once at least.
    ///
    /// - Returns: its number; nil: it is larger than the broker takes.
    func publish(_ message: MQTTMessage) throws(MQTTError) -> Int32? {
        var id: Int32 = 0
        let code = message.payload.withUnsafeBytes {
            mosquitto_publish(handle, &id, message.topic, Int32(clamping: $0.count), $0.baseAddress, 1, message.isRetained)
        }
        if code == MOSQ_ERR_OVERSIZE_PACKET.code || code == MOSQ_ERR_PAYLOAD_SIZE.code { return nil }
        try check(code)
        return id
    }

    /// Says goodbye: the broker then keeps the will to itself.
    func close() {
        guard mosquitto_disconnect(handle) == MOSQ_ERR_SUCCESS.code else { return }
        _ = mosquitto_loop_write(handle, 1)
    }

    /// - Parameter code: of the library's call that has just returned.
    private func check(_ code: Int32) throws(MQTTError) {
        let number = errno
        guard code != MOSQ_ERR_SUCCESS.code else { return }
        // The broker's own word says more than that the connection is gone.
        if let answer = events.answer, answer != 0 { throw MQTTError(settings.broker, refusal: answer, version: settings.version) }
        if let end = events.end, end >= 128 { throw MQTTError(settings.broker, refusal: end, version: settings.version) }
        throw failure(code, number)
    }

    private func failure(_ code: Int32, _ number: Int32) -> MQTTError {
        defer { events.details.removeAll() }
        return MQTTError(settings.broker, code: code, errno: number, details: events.details)
    }
}

extension mosq_err_t {
    fileprivate var code: Int32 { Int32(rawValue) }
}
