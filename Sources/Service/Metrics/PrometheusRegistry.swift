import CoreMetrics

/// A backend for swift-metrics that keeps every series in memory, for Prometheus to read.
///
/// Names and label names are made what Prometheus allows. The number of series is bounded: what would be one too many, or another kind of
/// metric under a name that is taken, is counted as refused and goes nowhere.
public final class PrometheusRegistry: MetricsFactory, Sendable {
    enum Series: Sendable {
        case counter(PrometheusCounter)
        case floatingPointCounter(PrometheusFloatingPointCounter)
        case gauge(PrometheusGauge)
        case histogram(PrometheusHistogram)

        var kind: MetricDescription.Kind {
            switch self {
            case .counter, .floatingPointCounter: .counter
            case .gauge: .gauge
            case .histogram: .histogram
            }
        }
    }

    struct Label: Hashable, Comparable, Sendable {
        var name: String
        var value: String

        static func < (a: Label, b: Label) -> Bool { (a.name, a.value) < (b.name, b.value) }
    }

    struct Family: Sendable {
        var description: MetricDescription
        var series: [[Label]: Series] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var seriesCount = 0
        var refused: UInt64 = 0
    }

    /// In seconds: from what a frame without a region takes to a large model on a small machine.
    static let timeBounds = [
        0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10,
    ]

    private let limit: Int
    private let descriptions: [String: MetricDescription]
    private let state = Monitor(State())

    /// - Parameters:
    ///   - limit: series that are kept at most, a histogram counted as one.
    ///   - descriptions: of metrics that are known beforehand; others are exported without a help text of their own.
    public init(limit: Int = 100_000, descriptions: [MetricDescription] = MetricCatalog.all) {
        self.limit = limit
        self.descriptions = Dictionary(descriptions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Families in the order of their names, and how many series were refused.
    var contents: (families: [Family], refused: UInt64) {
        let (families, refused) = state.read { ($0.families, $0.refused) }
        return (families.values.sorted { $0.description.name < $1.description.name }, refused)
    }

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let made = series(label, dimensions) { .counter(PrometheusCounter()) }
        if case .counter(let counter)? = made { return counter }
        return refused(PrometheusCounter())
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        let made = series(label, dimensions) { .floatingPointCounter(PrometheusFloatingPointCounter()) }
        if case .floatingPointCounter(let counter)? = made { return counter }
        return refused(PrometheusFloatingPointCounter())
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { gauge(label, dimensions) }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { histogram(label, dimensions) }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> PrometheusGauge {
        let made = series(label, dimensions) { .gauge(PrometheusGauge()) }
        if case .gauge(let gauge)? = made { return gauge }
        return refused(PrometheusGauge())
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> PrometheusHistogram {
        let made = series(label, dimensions) { .histogram(PrometheusHistogram(bounds: Self.timeBounds)) }
        if case .histogram(let histogram)? = made { return histogram }
        return refused(PrometheusHistogram(bounds: Self.timeBounds))
    }

    // MARK: Series

    /// The series of this name and these labels, which may be of another kind; a new one where there is none. nil: there is no place for it.
    private func series(_ name: String, _ dimensions: [(String, String)], make: () -> Series) -> Series? {
        let name = PrometheusName.metric(name)
        // The last one of several labels with one name counts: a sample must not have it twice.
        let labels = Dictionary(dimensions.map { (PrometheusName.label($0.0), $0.1) }, uniquingKeysWith: { $1 })
            .map { Label(name: $0.key, value: $0.value) }.sorted()
        return state.update { state in
            if let known = state.families[name]?.series[labels] { return known }
            let new = make()
            let description = state.families[name]?.description ?? descriptions[name]
                ?? MetricDescription(name, new.kind, "Of a library that flawd is built with.")
            guard description.kind == new.kind, state.seriesCount < limit else { return nil }
            state.families[name, default: Family(description: description)].series[labels] = new
            state.seriesCount += 1
            return new
        }
    }

    /// A handler that nobody reads.
    private func refused<Handler>(_ handler: Handler) -> Handler {
        state.update { $0.refused += 1 }
        return handler
    }

    private func remove(_ handler: AnyObject) {
        state.update { state in
            for (name, family) in state.families {
                for (labels, series) in family.series where series.handler === handler {
                    state.families[name]?.series[labels] = nil
                    if family.series.count == 1 { state.families[name] = nil }
                    state.seriesCount -= 1
                    return
                }
            }
        }
    }
}

extension PrometheusRegistry.Series {
    fileprivate var handler: AnyObject {
        switch self {
        case .counter(let handler): handler
        case .floatingPointCounter(let handler): handler
        case .gauge(let handler): handler
        case .histogram(let handler): handler
        }
    }
}
