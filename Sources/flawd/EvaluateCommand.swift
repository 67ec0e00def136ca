import ArgumentParser
import Foundation
import SegmentAnything
import SelfPerception

struct EvaluateCommand: AsyncParsableCommand {
    enum LimitsFrom: String, ExpressibleByArgument, CaseIterable { case halves, train }

    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure models on marked pictures, as the SPT paper does and as a line asks.",
        discussion: """
            Each folder is a data set (or a root of several products) whose layout is recognised; its test part is measured. \
            Draft and refined IoU and boundary IoU are means over the defective parts, by prompt. Every part, good ones too, is \
            also scored with the whole picture as the box: AUROC of pictures and pixels, AUPRO(0.3), best F1, PGn and PBn, \
            and escapes and overkill at limits that were chosen on other parts.
            Several --method compare models, with adapters or without, on the same pictures. The result is Markdown.
            """)

    @Argument(help: ArgumentHelp("Folders of data sets.", valueName: "folder"))
    var folders: [String]

    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("NAME=MODEL or NAME=MODEL+ADAPTER, instead of --model and --adapter; may be given several times.", valueName: "method"))
    var method: [MethodArgument] = []

    @Option(help: "Layout of the folders: \(DatasetLayout.allCases.map(\.rawValue).joined(separator: ", ")). (default: recognised)")
    var layout: DatasetLayout?

    @Option(help: "What defective parts are asked with: \(EvaluationPrompt.allCases.map(\.rawValue).joined(separator: ", ")); may be given several times. (default: all)")
    var prompt: [EvaluationPrompt] = []

    @Option(help: ArgumentHelp("The n of PGn and PBn, and a rate that held-out limits keep to; may be given several times. (default: 5%)", valueName: "percent"))
    var rate: [PercentArgument] = []

    @Option(help: "Parts that choose the limits: halves (each half of the test part judges the other) or train.")
    var limitsFrom = LimitsFrom.halves

    @Option(help: "A limit to report escapes and overkill at, instead of choosing one.")
    var limit: Double?

    @Option(help: "Seed of the random points and of the halves.")
    var seed: UInt64 = 1

    @Flag(help: "A picture or mask that cannot be used ends the evaluation, instead of being named and left out.")
    var strict = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Write the report as one HTML page, with pictures of the worst and best cases.", valueName: "file"))
    var report: String?

    @Option(help: "Cases of each kind in the HTML page.")
    var cases = 4

    func validate() throws {
        if !method.isEmpty, model.model != SPTModel.embeddedName || model.adapter != nil {
            throw ValidationError("Give --method, or --model and --adapter, not both.")
        }
        if Set(method.map(\.name)).count < method.count { throw ValidationError("Two --method have the same name.") }
        if let limit, !(0...1).contains(limit) { throw ValidationError("--limit must be from 0 to 1, not \(limit).") }
        if let report, !report.lowercased().hasSuffix(".html"), !report.lowercased().hasSuffix(".htm") {
            throw ValidationError("--report is an HTML page: \(report) should end in .html.")
        }
        guard (0...1000).contains(cases) else { throw ValidationError("--cases must be from 0 to 1000, not \(cases).") }
    }

    func run() async throws {
        if let report {
            try OutputFile.requireFolder(of: report)
            try OutputFile.requireFree(report, overwrite: true)
        }
        let result = try await onThread("evaluate") { [self] in
            let datasets = try folders.map { try DefectDataset.open($0, layout: layout, isStrict: strict) }
            for line in datasets.flatMap(\.skipped) { Terminal.printError("evaluate: left out: \(line)") }
            let settings = settings, evaluation = Evaluation(settings)
            return EvaluationReport(
                try methods.map { method in
                    let model = try ModelOptions.load(method.model, adapter: method.adapter, threads: model.threads)
                    return try evaluation.run(model, name: method.name, on: datasets) { done, total in
                        Terminal.count("evaluate: \(method.name)", done, of: total, "pictures")
                    }
                }, settings: settings)
        }
        Terminal.progress("")
        if json { try Terminal.printJSON(result) } else { Terminal.print(result.markdown.joined(separator: "\n")) }
        if let report { try OutputFile.write(result.html, to: report, overwrite: true) }
    }

    private var settings: EvaluationSettings {
        var settings = EvaluationSettings()
        if !prompt.isEmpty { settings.prompts = EvaluationPrompt.allCases.filter(prompt.contains) }
        if !rate.isEmpty { settings.rates = rate.map(\.rate) }
        settings.limits = limit.map { .given($0) } ?? (limitsFrom == .train ? .train : .halves)
        settings.seed = seed
        settings.isStrict = strict
        settings.workers = model.threads
        settings.cases = report == nil ? 0 : cases
        return settings
    }

    private var methods: [MethodArgument] {
        guard method.isEmpty else { return method }
        let name = model.adapter ?? model.model
        return [MethodArgument(name: URL(fileURLWithPath: name).lastPathComponent, model: model.model, adapter: model.adapter)]
    }
}
