import Logging

/// The level that all loggers of the process have, changed while they are in use.
public final class SharedLogLevel: Sendable {
    private let level: Monitor<Logger.Level>

    public init(_ level: Logger.Level) { self.level = Monitor(level) }

    public var current: Logger.Level {
        get { level.read { $0 } }
        set { level.update { $0 = newValue } }
    }
}

/// A handler whose level is everybody's, until a logger is given one of its own.
public struct SharedLevelHandler: LogHandler {
    private let level: SharedLogLevel
    private var handler: any LogHandler
    private var own: Logger.Level?

    public init(_ handler: any LogHandler, level: SharedLogLevel) {
        self.level = level
        self.handler = handler
        self.handler.logLevel = .trace
    }

    public var logLevel: Logger.Level {
        get { own ?? level.current }
        set { own = newValue }
    }

    public var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    public func log(event: LogEvent) { handler.log(event: event) }
}
