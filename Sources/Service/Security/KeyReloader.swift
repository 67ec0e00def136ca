import Inspection
import Logging
import ServiceLifecycle
import Streaming

/// Keeps the list of allowed keys in force up to date: a second or two after it changed. Connections that exist stay.
struct KeyReloader: Service {
    let file: ReloadableFile<AllowedKeys>
    let logger: Logger
    /// Publishes a status event.
    let tell: @Sendable (StatusEvent.Condition, String) -> Void
    var interval = Duration.seconds(1)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: interval)) != nil { reloadIfChanged() }
        }
    }

    func reloadIfChanged() {
        let before = file.current
        switch file.reloadIfChanged() {
        case nil: break
        case .replaced(let keys)?:
            let revoked = before.entries.filter { keys.entry(of: $0.key) == nil }.map(\.name), added = keys.entries.filter { before.entry(of: $0.key) == nil }.map(\.name)
            var text = "\(file.path): \(keys.entries.count) keys are allowed"
            if !added.isEmpty { text += "; new: \(Self.list(added))" }
            if !revoked.isEmpty { text += "; revoked: \(Self.list(revoked)) (connections that they have stay until they end, or flawd is started again)" }
            logger.notice("\(text)")
            tell(.keysReplaced, text)
        case .refused(let error)?:
            logger.error("\(error); the keys that were allowed before still are")
            tell(.keysRefused, "\(error)")
        }
    }

    private static func list(_ names: [String]) -> String { names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "") }
}
