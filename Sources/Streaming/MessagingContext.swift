import CZeroMQ

/// A libzmq context. `shutdown()` ends every blocked receive of its sockets.
///
/// Sockets hold a reference to their context, so it is terminated after the last of them was closed and
/// `zmq_ctx_term` does not wait.
// @unchecked Sendable: the handle never changes, and libzmq allows a context to be used from every thread.
public final class MessagingContext: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer
    /// Who decides which CURVE clients are let in by sockets that bind; without one no socket of the context can be a CURVE server.
    let authority: KeyAuthority?

    public init(authority: KeyAuthority? = nil) throws(StreamingError) {
        guard let handle = zmq_ctx_new() else { throw .lastCall("make a messaging context") }
        self.handle = handle
        self.authority = authority
        if let authority { try ZAPHandler.start(context: handle, authority) }
    }

    deinit {
        // Ends the ZAP handler, whose socket the termination waits for.
        if authority != nil { zmq_ctx_shutdown(handle) }
        while zmq_ctx_term(handle) != 0, zmq_errno() == EINTR {}
    }

    /// Makes every call on the context's sockets, blocked ones included, throw an error that `isShutDown`. May be called
    /// from any thread, and more than once.
    public func shutdown() {
        zmq_ctx_shutdown(handle)
    }
}
