/// What a metric's reader should know of it.
public struct MetricDescription: Sendable, Equatable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// With its unit, and `_total` where it is a counter, as Prometheus names things.
    public var name: String
    public var kind: Kind
    /// Names of its labels.
    public var labels: [String]
    public var help: String

    public init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }

    /// The names under which its samples appear.
    public var sampleNames: [String] {
        kind == .histogram ? [name + "_bucket", name + "_sum", name + "_count"] : [name]
    }
}
