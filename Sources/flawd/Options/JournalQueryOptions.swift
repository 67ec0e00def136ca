import ArgumentParser
import Inspection
import Streaming

/// Which events of a journal are meant.
struct JournalQueryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only cameras whose names begin so.", valueName: "prefix"))
    var camera = ""

    @Option(help: "Only verdicts of this kind: pass, review, fail or uninspected; may be given several times.")
    var verdict: [Verdict] = []

    @Option(help: ArgumentHelp("Published at this time, such as 2026-11-25T06:00:00Z, or later.", valueName: "time"))
    var from: RecordingTime?

    @Option(help: ArgumentHelp("Published at this time or earlier.", valueName: "time"))
    var to: RecordingTime?

    @Option(help: ArgumentHelp("Only events after this number.", valueName: "seq"))
    var since: UInt64 = 0

    func validate() throws {
        for time in [from, to] { if case .offset? = time { throw ValidationError("--from and --to are moments, such as 2026-11-25T06:00:00Z.") } }
        if let from, let to, to.nanoseconds(after: 0) < from.nanoseconds(after: 0) { throw ValidationError("--to is before --from.") }
    }

    var query: JournalReader.Query {
        var query = JournalReader.Query()
        query.camera = camera
        query.verdicts = Set(verdict.map(\.rawValue))
        let first = from.map { Int64(clamping: $0.nanoseconds(after: 0)) } ?? .min
        query.publishedUTCNs = first...max(first, to.map { Int64(clamping: $0.nanoseconds(after: 0)) } ?? .max)
        query.after = since
        return query
    }
}

extension Verdict: ExpressibleByArgument {}
