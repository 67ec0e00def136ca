import Hummingbird

/// `/healthz`, `/readyz`, `/status` and `/metrics`.
struct HealthRoutes: HTTPRoutes {
    let monitor: HealthMonitor
    let exporter: MetricsExporter
    let registry: PrometheusRegistry

    let paths = ["/healthz", "/metrics", "/readyz", "/status"]

    func add(to router: Router<BasicRequestContext>) {
        router.get("healthz") { [monitor] _, _ in Self.answer("healthy", unless: monitor.report().stalls) }
        router.get("readyz") { [monitor] _, _ in Self.answer("ready", unless: monitor.report().hindrances) }
        router.get("status") { [monitor] _, _ in Response.bytes(try monitor.report().json(), type: "application/json") }
        router.get("metrics") { [monitor, exporter, registry] _, _ in
            exporter.export(monitor.report())
            return Response.text(registry.text, type: PrometheusRegistry.contentType)
        }
    }

    /// 200 and a word, or 503 and why not, a line each.
    private static func answer(_ word: String, unless problems: [String]) -> Response {
        problems.isEmpty
            ? .text("\(word)\n") : .text("not \(word)\n" + problems.map { "\($0)\n" }.joined(), status: .serviceUnavailable)
    }
}
