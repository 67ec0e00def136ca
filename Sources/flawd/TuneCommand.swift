import ArgumentParser
import Foundation
import SegmentAnything
import SelfPerception
import Service

struct TuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Make a model good at your defects, from marked pictures.",
        discussion: """
            Learns from the training part of a data set, keeps a share of it aside, and writes the weights of the epoch that did \
            best there: an adapter (methods spt and lora) that fits this model only, or a whole model (the others). A run that \
            was stopped or killed goes on where it was when the same command is given again. The same seed gives the same result.
            """)

    @Option(help: ArgumentHelp("Folder of the data set.", valueName: "folder"))
    var data: String?

    @Option(help: "Layout of the data set; recognised unless said.")
    var layout: DatasetLayout?

    @OptionGroup var model: ModelOptions

    @Option(name: [.customLong("out"), .customLong("output")], help: ArgumentHelp("The adapter or model to write (safetensors).", valueName: "file"))
    var output: String?

    @Flag(help: "A picture or mask that cannot be used is an error, instead of being named and left out.")
    var strict = false

    @OptionGroup var recipe: TuningOptions

    @Flag(help: "Replace the output file if it is there.")
    var force = false

    @Flag(help: "Forget where an earlier run of the same output stopped.")
    var restart = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Flag(help: "Print the recipe that the other options make, as JSON, and do nothing else.")
    var printRecipe = false

    func validate() throws {
        if !printRecipe, data == nil { throw ValidationError("--data is missing: the folder of the data set.") }
        if !printRecipe, output == nil { throw ValidationError("--out is missing: the file to write.") }
    }

    func run() async throws {
        let settings = try recipe.settings()
        guard let data, let output, !printRecipe else { return try Terminal.printJSON(settings) }
        let report = try await onThread("tune") { try tune(data, into: output, settings) }
        if json { try Terminal.printJSON(report) }
    }

    private func tune(_ data: String, into output: String, _ settings: TuningSettings) throws -> Report {
        let dataset = try DefectDataset.open(data, layout: layout, isStrict: strict)
        for line in dataset.skipped { Terminal.printError("left out: \(line)") }
        if dataset.train.isEmpty {
            Terminal.printError("tune: \(data) has no training part: all its pictures are used, and measuring on them afterwards says little")
        }
        let found = dataset.train.isEmpty ? dataset.test : dataset.train
        let (samples, damaged) = try DefectSample.usable(found, isStrict: strict, workers: model.threads) { done in
            Terminal.progress("tune: looks at picture \(done) of \(found.count)")
        }
        Terminal.progress("")
        for line in damaged { Terminal.printError("left out: \(line)") }
        let files = Tuner.Files(
            output: output, cache: recipe.cache, overwrite: force,
            program: "flawd \(BuildIdentity.current())")
        let tuner = try Tuner(
            base: try SafeTensorsFile(path: SPTModel.path(of: model.model)), adapter: model.adapter.map { try SafeTensorsFile(path: $0) },
            samples: samples, settings: settings, files: files, restarts: restart, threads: model.threads)
        let display = TuningDisplay(tuner, curves: output + ".svg", signal: StopSignal())
        display.begin()
        try tuner.run(display.show)
        display.finish()
        return Report(file: output, before: tuner.before, epochs: tuner.history)
    }

    private struct Report: Encodable {
        var file: String
        var before: EpochSummary.Validation?
        var epochs: [EpochSummary]
    }
}
