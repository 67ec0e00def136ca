extension PrometheusRegistry {
    /// The media type of ``text``.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Everything in Prometheus' text form, version 0.0.4.
    public var text: String {
        let (families, refused) = contents
        var text = PrometheusText()
        for family in families {
            text.head(family.description)
            for (labels, series) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                let name = family.description.name
                switch series {
                case .counter(let counter): text.sample(name, labels, "\(counter.value)")
                case .floatingPointCounter(let counter): text.sample(name, labels, PrometheusText.number(counter.value))
                case .gauge(let gauge): text.sample(name, labels, PrometheusText.number(gauge.value))
                case .histogram(let histogram): text.samples(name, labels, histogram)
                }
            }
        }
        text.head(MetricCatalog.refusedSeries)
        text.sample(MetricCatalog.refusedSeries.name, [], "\(refused)")
        return text.text
    }
}

/// Writes Prometheus' text form.
struct PrometheusText {
    private(set) var text = ""

    mutating func head(_ description: MetricDescription) {
        text += "# HELP \(description.name) \(Self.escaped(description.help, quotes: false))\n"
        text += "# TYPE \(description.name) \(description.kind.rawValue)\n"
    }

    mutating func sample(_ name: String, _ labels: [PrometheusRegistry.Label], bound: String? = nil, _ value: String) {
        text += name
        if !labels.isEmpty || bound != nil {
            var pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
            if let bound { pairs.append("le=\"\(bound)\"") }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(value)\n"
    }

    mutating func samples(_ name: String, _ labels: [PrometheusRegistry.Label], _ histogram: PrometheusHistogram) {
        let snapshot = histogram.snapshot
        var cumulative: UInt64 = 0
        for (bound, count) in zip(histogram.bounds, snapshot.counts) {
            cumulative += count
            sample(name + "_bucket", labels, bound: Self.number(bound), "\(cumulative)")
        }
        sample(name + "_bucket", labels, bound: "+Inf", "\(snapshot.count)")
        sample(name + "_sum", labels, Self.number(snapshot.sum))
        sample(name + "_count", labels, "\(snapshot.count)")
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\"") }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
