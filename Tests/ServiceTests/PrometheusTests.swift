import CoreMetrics
import Foundation
import Imaging
import Testing

@testable import Service

@Suite struct PrometheusTests {
    /// The samples of an exposition by name and labels, as they are written.
    private func samples(_ registry: PrometheusRegistry) -> [Substring: Substring] {
        let lines = registry.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        return Dictionary(
            lines.map { line in
                let space = line.lastIndex(of: " ") ?? line.endIndex
                return (line[..<space], line[space...].dropFirst())
            }, uniquingKeysWith: { first, _ in first })
    }

    @Test func everyKindOfInstrument_IsExported() {
        let registry = PrometheusRegistry(descriptions: [MetricDescription("a_total", .counter, labels: ["x"], "Things \\ with\na line.")])
        Counter(label: "a_total", dimensions: [("x", "1")], factory: registry).increment(by: 3)
        FloatingPointCounter(label: "b_seconds_total", factory: registry).increment(by: 1.25)
        Meter(label: "c", factory: registry).set(-2.5)
        Gauge(label: "d", factory: registry).record(7)
        Recorder(label: "e", aggregate: true, factory: registry).record(0.004)
        CoreMetrics.Timer(label: "f_seconds", factory: registry).recordMilliseconds(30)
        let text = registry.text
        #expect(text.contains("# HELP a_total Things \\\\ with\\na line.\n# TYPE a_total counter\na_total{x=\"1\"} 3\n"))
        #expect(text.contains("# TYPE b_seconds_total counter\nb_seconds_total 1.25\n"))
        #expect(text.contains("# TYPE c gauge\nc -2.5\n") && text.contains("# TYPE d gauge\nd 7\n"))
        #expect(text.contains("# TYPE e histogram\n") && text.contains("e_bucket{le=\"0.005\"} 1\n") && text.contains("e_bucket{le=\"0.002\"} 0\n"))
        #expect(text.contains("f_seconds_bucket{le=\"0.03\"} 1\n") && text.contains("f_seconds_bucket{le=\"0.02\"} 0\n"))
        #expect(text.contains("f_seconds_sum 0.03\nf_seconds_count 1\n"))
        #expect(text.hasSuffix("\n") && !text.contains("\n\n"))
    }

    @Test func labels_AreEscaped_AndNamesMadeWhatPrometheusAllows() {
        let registry = PrometheusRegistry(descriptions: [])
        Counter(label: "1.http-requests", dimensions: [("a.b", "q\"uo\\te\nline ü")], factory: registry).increment()
        #expect(samples(registry)["_1_http_requests{a_b=\"q\\\"uo\\\\te\\nline ü\"}"] == "1")
        Meter(label: "m", dimensions: [("x", "1"), ("x", "2")], factory: registry).set(1)
        #expect(samples(registry)["m{x=\"2\"}"] == "1", "a label comes once")
    }

    @Test func numbersThatAreNone_AreWrittenAsPrometheusReadsThem() {
        #expect([Double.nan, .infinity, -.infinity, 3, -0.5, 1e-7, 1e300].map(PrometheusText.number) == ["NaN", "+Inf", "-Inf", "3", "-0.5", "1e-07", "1e+300"])
    }

    @Test func sameNameAndLabels_AreOneSeries_InAnyOrder() {
        let registry = PrometheusRegistry()
        Counter(label: "n_total", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "n_total", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(samples(registry)["n_total{a=\"1\",b=\"2\"}"] == "2")
    }

    @Test func seriesBeyondTheLimit_AndOtherKindsUnderOneName_AreRefusedAndCounted() {
        let registry = PrometheusRegistry(limit: 3)
        for name in 0..<10 { Counter(label: "n_total", dimensions: [("camera", "\(name)")], factory: registry).increment() }
        Meter(label: "n_total", dimensions: [("camera", "0")], factory: registry).set(99)
        let samples = samples(registry)
        #expect(samples.keys.count { $0.hasPrefix("n_total{") } == 3)
        #expect(samples["n_total{camera=\"0\"}"] == "1", "a meter is no counter")
        #expect(samples["flawd_metrics_refused_series_total"] == "8")
    }

    @Test func destroyedSeries_AreGone_AndMakeRoom() {
        let registry = PrometheusRegistry(limit: 1)
        let counter = Counter(label: "a_total", factory: registry)
        counter.destroy()
        Meter(label: "b", factory: registry).set(1)
        #expect(samples(registry)["a_total"] == nil && samples(registry)["b"] == "1")
    }

    @Test(arguments: 0..<10) func buckets_AreCumulative_AndTheLastIsTheCount(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let registry = PrometheusRegistry(), timer = CoreMetrics.Timer(label: "t_seconds", factory: registry)
        var values: [Int64] = (0..<Int.random(in: 1...500, using: &generator)).map { _ in
            Int64(exp(Double.random(in: 0...25, using: &generator)))
        }
        values += PrometheusRegistry.timeBounds.map { Int64(($0 * 1e9).rounded()) }
        for value in values { timer.recordNanoseconds(value) }
        let samples = samples(registry)
        var last: UInt64 = 0
        for bound in PrometheusRegistry.timeBounds {
            let count = try #require(UInt64(samples["t_seconds_bucket{le=\"\(PrometheusText.number(bound))\"}"] ?? ""))
            #expect(count >= last && count == UInt64(values.count { Double($0) / 1e9 <= bound }))
            last = count
        }
        #expect(samples["t_seconds_bucket{le=\"+Inf\"}"] == "\(values.count)" && samples["t_seconds_count"] == "\(values.count)")
        let sum = try #require(Double(samples["t_seconds_sum"] ?? ""))
        #expect(abs(sum - values.reduce(0) { $0 + Double($1) / 1e9 }) < 1e-6 * max(1, sum))
    }

    @Test func valuesThatAreNoNumbers_AreLeftOut() {
        let registry = PrometheusRegistry(), recorder = Recorder(label: "r", factory: registry)
        for value in [Double.nan, .infinity, 1] { recorder.record(value) }
        FloatingPointCounter(label: "s_total", factory: registry).increment(by: -1)
        #expect(samples(registry)["r_count"] == "1" && samples(registry)["s_total"] == "0")
    }

    @Test func manyThreads_LoseNothing() async {
        let registry = PrometheusRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "n_total", factory: registry), sum = FloatingPointCounter(label: "s_total", factory: registry)
                    let timer = CoreMetrics.Timer(label: "t_seconds", factory: registry)
                    for _ in 0..<1000 {
                        counter.increment()
                        sum.increment(by: 0.5)
                        timer.recordMilliseconds(1)
                    }
                }
            }
        }
        let samples = samples(registry)
        #expect(samples["n_total"] == "8000" && samples["s_total"] == "4000" && samples["t_seconds_count"] == "8000")
    }
}
