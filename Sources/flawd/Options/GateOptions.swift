import ArgumentParser
import Foundation
import SelfPerception
import Service

/// `--gate` of `replay`, and what is for it alone.
struct GateOptions: ParsableArguments {
    @Flag(help: "Inspect recordings again and compare with the recorded verdicts, instead of sending them.")
    var gate = false

    @Option(help: ArgumentHelp("Region file (YAML).", valueName: "file"))
    var regions: String?

    @Option(help: ArgumentHelp("nano, the embedded model, or a model file. (default: nano)", valueName: "model"))
    var model: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Configuration file (YAML) of flawd run, whose model, adapters, regions and limits of pictures count; --regions and --model override it.", valueName: "file"))
    var config: String?

    @Option(help: "Frames inspected at the same time; the result does not depend on it. (default: cores / --threads)")
    var workers: Int?

    @Option(help: "Cores one inspection uses; the result does not depend on it. (default: 1, or cores / --workers)")
    var threads: Int?

    @Option(help: ArgumentHelp("Verdicts that may change: a number of frames, or a share such as 0.5% of those compared.", valueName: "number"))
    var maxChanged = MostArgument(most: .frames(0))

    @Option(help: ArgumentHelp("Frames that may be without a recorded verdict, and so prove nothing: a number, or a share of all.", valueName: "number"))
    var maxWithoutVerdict = MostArgument(most: .share(0.5))

    @Option(help: ArgumentHelp("The largest score difference of a region that is tolerated, 0 to 1. (default: any)", valueName: "difference"))
    var maxDrift: Double?

    @Option(help: ArgumentHelp("The least IoU of a frame's defect masks, then and now, that is tolerated, 0 to 1. (default: any)", valueName: "IoU"))
    var minIou: Double?

    @Option(help: ArgumentHelp("Write the report as one HTML page, with pictures of changed frames.", valueName: "file"))
    var report: String?

    @Option(help: "Changed frames with pictures in the HTML page.")
    var cases = 20

    @Option(help: ArgumentHelp("Write the new verdicts, one JSON a line: the same bytes in every run of the same program.", valueName: "file"))
    var verdicts: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard gate else {
            let given = [
                ("--regions", regions != nil), ("--model", model != nil), ("--config", config != nil), ("--workers", workers != nil),
                ("--threads", threads != nil), ("--max-changed", maxChanged.most != .frames(0)),
                ("--max-without-verdict", maxWithoutVerdict.most != .share(0.5)), ("--max-drift", maxDrift != nil),
                ("--min-iou", minIou != nil), ("--report", report != nil), ("--cases", cases != 20), ("--verdicts", verdicts != nil), ("--json", json),
            ].first(where: \.1)
            if let given { throw ValidationError("\(given.0) is for --gate.") }
            return
        }
        if regions == nil, config == nil { throw ValidationError("--gate wants --regions FILE, or --config FILE that names one.") }
        try check(workers, "--workers", 1...64)
        try check(threads, "--threads", 1...256)
        if let maxDrift, !(0...1).contains(maxDrift) { throw ValidationError("--max-drift must be from 0 to 1, not \(maxDrift).") }
        if let minIou, !(0...1).contains(minIou) { throw ValidationError("--min-iou must be from 0 to 1, not \(minIou).") }
        guard (0...1000).contains(cases) else { throw ValidationError("--cases must be from 0 to 1000, not \(cases).") }
        if let report, !report.lowercased().hasSuffix(".html"), !report.lowercased().hasSuffix(".htm") {
            throw ValidationError("--report is an HTML page: \(report) should end in .html.")
        }
        if let report, report == verdicts { throw ValidationError("--report and --verdicts name the same file.") }
    }

    /// The model, adapters, regions and limits of pictures.
    func configuration() throws -> Configuration {
        var configuration = try config.map { try Configuration(path: $0) } ?? Configuration()
        configuration.regions = regions ?? configuration.regions
        configuration.model = model ?? configuration.model
        return configuration
    }

    var settings: VerdictGate.Settings {
        var settings = VerdictGate.Settings()
        let cores = ProcessInfo.processInfo.activeProcessorCount
        // Nobody waits for a single frame, and frames side by side take less time than one after another on all cores.
        settings.threads = threads ?? workers.map { max(1, cores / $0) } ?? 1
        settings.workers = workers ?? min(64, max(1, cores / settings.threads))
        settings.tolerance.changed = maxChanged.most
        settings.tolerance.withoutVerdict = maxWithoutVerdict.most
        settings.tolerance.drift = maxDrift
        settings.tolerance.iou = minIou
        settings.cases = report == nil ? 0 : cases
        return settings
    }
}

/// `3` frames or `0.5%` of them, on the command line.
struct MostArgument: ExpressibleByArgument {
    var most: GateTolerance.Most

    init(most: GateTolerance.Most) { self.most = most }

    init?(argument: String) {
        if argument.hasSuffix("%") {
            guard let value = Double(argument.dropLast()), (0...100).contains(value) else { return nil }
            most = .share(value / 100)
        } else {
            guard let count = Int(argument), count >= 0 else { return nil }
            most = .frames(count)
        }
    }

    /// What was typed.
    var defaultValueDescription: String { most.description }
}
