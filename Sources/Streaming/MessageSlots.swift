import CZeroMQ

/// A few libzmq messages that a socket receives into again and again: a message that is not kept allocates nothing.
struct MessageSlots: ~Copyable {
    let count: Int
    private let messages: UnsafeMutablePointer<zmq_msg_t>

    init(count: Int) {
        self.count = count
        messages = .allocate(capacity: count)
        for index in 0..<count { zmq_msg_init(messages + index) }
    }

    deinit {
        for index in 0..<count { zmq_msg_close(messages + index) }
        messages.deallocate()
    }

    subscript(index: Int) -> UnsafeMutablePointer<zmq_msg_t> {
        precondition(index >= 0 && index < count, "no message slot \(index)")
        return messages + index
    }

    /// Valid until the slot is received into, taken or cleared.
    func bytes(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: zmq_msg_data(self[index]), count: zmq_msg_size(self[index]))
    }

    /// Whether another part of the same message follows.
    func hasMore(_ index: Int) -> Bool { zmq_msg_more(self[index]) != 0 }

    /// Who sent it: the name of the peer's key, or, where it shows none, its network address, for `ipc://` `localhost:` and its user's number;
    /// empty where there is nothing of the kind (`inproc://`).
    func sender(_ index: Int) -> String {
        func property(_ name: String) -> String { zmq_msg_gets(self[index], name).map { String(cString: $0) } ?? "" }
        let name = property("User-Id")
        guard name.isEmpty else { return name }
        let address = property("Peer-Address")
        // localhost:user:group:process, of which a process is soon another one.
        return address.hasPrefix("localhost:") ? address.split(separator: ":").prefix(2).joined(separator: ":") : address
    }

    /// Gives the bytes back to libzmq.
    func clear() {
        for index in 0..<count {
            zmq_msg_close(messages + index)
            zmq_msg_init(messages + index)
        }
    }
}
