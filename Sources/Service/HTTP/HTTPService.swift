#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import CoreMetrics
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Answers HTTP requests on one address. Everything about a request is bounded: its size, its time, and how many there are at once.
struct HTTPService: Service {
    let settings: HTTPSettings
    let gate: PageGuard
    let routes: [any HTTPRoutes]
    let metrics: any MetricsFactory
    let logger: Logger
    /// Called with the port once it listens.
    var onListening: @Sendable (Int) -> Void = { _ in }

    /// One thread is plenty, and nobody's flood of requests takes more of the machine. It stays for as long as the process: connections end in
    /// their own time after the server has stopped, and need their loop for that.
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    func run() async throws {
        do { try await application.run() } catch let error as IOError {
            throw HTTPServiceError(settings.address, Self.problem(error.errnoCode))
        }
    }

    private var application: some ApplicationProtocol {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RefusalMiddleware(
            gate: gate, paths: routes.flatMap(\.paths).sorted(), commands: routes.flatMap(\.commands), metrics: metrics))
        for part in routes { part.add(to: router) }
        let timeout = TimeAmount.seconds(Int64(settings.timeoutSeconds)), maxBodyBytes = settings.maxBodyBytes
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestDeadline(limit: timeout, maxBodyBytes: maxBodyBytes)], idleTimeout: timeout,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: settings.maxHeaderBytes, maxHeaderListSize: settings.maxHeaderBytes, maxHeaderFieldCount: 100))
        var quiet = logger
        quiet.logLevel = .error
        return Application(
            router: router, server: .http1(configuration: channel),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.address.host, port: settings.address.port), backlog: settings.maxConnections,
                availableConnectionsDelegate: MaximumAvailableConnections(settings.maxConnections)),
            onServerRunning: { [logger, settings, onListening] channel in
                let port = channel.localAddress?.port ?? settings.address.port
                if settings.address.port == 0 { logger.info("http: \(settings.address), port \(port)") }
                onListening(port)
            },
            eventLoopGroupProvider: .shared(Self.loops), logger: quiet)
    }

    /// Tries whether the address can be had, so that flawd says so before it takes a frame.
    ///
    /// - Throws: `HTTPServiceError`.
    static func probe(_ address: HTTPAddress) throws(HTTPServiceError) {
        guard let place = try? SocketAddress(ipAddress: address.host, port: address.port) else { throw HTTPServiceError(address, "it is no address") }
        let descriptor = socket(place.protocol.rawValue, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw HTTPServiceError(address, problem(errno)) }
        defer { close(descriptor) }
        var yes: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        let isBound = place.withSockAddr { bind(descriptor, $0, socklen_t($1)) == 0 && listen(descriptor, 1) == 0 }
        guard isBound else { throw HTTPServiceError(address, problem(errno)) }
    }

    private static func problem(_ code: CInt) -> String {
        let text = String(cString: strerror(code))
        return switch code {
        case EADDRINUSE: "\(text); another program has this port, give http.bind another one"
        case EADDRNOTAVAIL: "\(text); it is no address of this machine"
        case EACCES: "\(text); ports below 1024 are for root"
        default: text
        }
    }
}
