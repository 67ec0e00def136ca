import Streaming

extension Endpoint {
    /// What is wrong with the address and what would be right; nil when it is usable between processes.
    public var problem: String? {
        if address.hasPrefix("inproc://") { return "\"\(address.prefix(128))\" ends at this process: use tcp://host:port or ipc://path" }
        // The kernel's sockaddr_un has 108 bytes, the last one zero.
        if address.hasPrefix("ipc://"), address.utf8.count > "ipc://".utf8.count + 107 {
            return "the path of an ipc:// address has at most 107 bytes"
        }
        do throws(StreamingError) { try validate() } catch { return error.description }
        return nil
    }
}
