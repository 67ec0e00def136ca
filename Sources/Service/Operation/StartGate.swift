/// Waits for several parts to be up, and then says so once.
final class StartGate: Sendable {
    private let missing: Monitor<Set<String>>
    private let open: @Sendable () -> Void

    /// - Parameter open: called when the last of `parts` is up.
    init(_ parts: Set<String>, open: @escaping @Sendable () -> Void) {
        missing = Monitor(parts)
        self.open = open
    }

    func isUp(_ part: String) {
        let isLast = missing.update { $0.remove(part) != nil && $0.isEmpty }
        if isLast { open() }
    }
}
