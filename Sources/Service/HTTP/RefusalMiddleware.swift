import CoreMetrics
import Hummingbird

/// Says what would be right where a path or a method is not known, and counts answers.
struct RefusalMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    let gate: PageGuard
    let paths: [String]
    /// Those that do something.
    let commands: [String]
    let metrics: any MetricsFactory

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        let response = try await answer(request, context, next)
        count(path: paths.contains(request.uri.path) ? request.uri.path : "other", code: response.status.code)
        return response
    }

    func count(path: String, code: Int) {
        Counter(label: MetricCatalog.httpRequests.name, dimensions: [("path", path), ("code", "\(code)")], factory: metrics).increment()
    }

    private func answer(_ request: Request, _ context: Context, _ next: (Request, Context) async throws -> Response) async throws -> Response {
        // A page of another site may have made its own name mean this machine; from others, whoever wants to may look.
        if gate.address.isLoopback {
            do { try gate.admitHost(request) } catch { return .text("\(error.problem)\n", status: error.status) }
        }
        do { return try await next(request, context) } catch let error as HTTPError where error.status == .notFound {
            guard paths.contains(request.uri.path) else {
                return .text("nothing is at this path; known are\n" + paths.map { "\($0)\n" }.joined(), status: .notFound)
            }
            let isCommand = commands.contains(request.uri.path)
            var response = Response.text(isCommand ? "this path is a command: POST\n" : "this path is only read: GET or HEAD\n", status: .methodNotAllowed)
            response.headers[.allow] = isCommand ? "POST" : "GET, HEAD"
            return response
        }
    }
}
