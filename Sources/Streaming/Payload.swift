import CZeroMQ

/// The bytes of a frame. Holds the message that libzmq received, without a copy.
// @unchecked Sendable: the message is written in init and only read afterwards; deinit closes it when nobody holds it,
// and libzmq counts references to storage that messages share atomically.
public final class Payload: @unchecked Sendable {
    private let message: UnsafeMutablePointer<zmq_msg_t>

    /// Takes the contents out of a received message, which is left empty.
    init(moving source: UnsafeMutablePointer<zmq_msg_t>) {
        message = .allocate(capacity: 1)
        zmq_msg_init(message)
        zmq_msg_move(message, source)
    }

    private init(count: Int) {
        message = .allocate(capacity: 1)
        let status = zmq_msg_init_size(message, count)
        // Fails for want of memory only, where Swift's own allocations stop the process too.
        precondition(status == 0, "out of memory for a payload of \(count) bytes")
    }

    public convenience init(copying bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count)
        UnsafeMutableRawBufferPointer(start: zmq_msg_data(message), count: bytes.count).copyMemory(from: bytes)
    }

    public convenience init(copying bytes: [UInt8]) {
        self.init(count: bytes.count)
        bytes.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(start: zmq_msg_data(message), count: bytes.count).copyMemory(from: $0)
        }
    }

    deinit {
        zmq_msg_close(message)
        message.deallocate()
    }

    public var count: Int { zmq_msg_size(message) }

    /// The pointer is valid inside `body` only.
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message)))
    }
}
