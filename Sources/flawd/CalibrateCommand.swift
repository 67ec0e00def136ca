import ArgumentParser
import Foundation
import Inspection
import SegmentAnything
import SelfPerception
import Service

struct CalibrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Choose a camera's limits from known good and defective frames, and measure them on others.",
        discussion: """
            Every frame is inspected as flawd run does it. On one part of them each region's review_score is chosen so that the \
            wanted rate is kept with the fewest errors of the other kind, then fail_score (above it at most 5% of good parts) and \
            min_area; on the other part, which chose nothing, escapes and overkill are counted. An escape is a defective part \
            that passes; overkill is a good part that fails or is up for review.
            When the held-out frames show the wanted rate at the wanted confidence, the region file is written, its comments \
            and order as they are. Otherwise it is said what is missing, and the exit code is 1.
            """)

    @OptionGroup var data: MarkedFrameOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("The daemon's configuration, whose region file is calibrated with the model that it gives the camera.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Region file (YAML), instead of --config.", valueName: "file"))
    var regions: String?

    @Option(help: "The camera whose regions are calibrated.")
    var camera: String

    @Option(help: ArgumentHelp("Wanted: at most so many of the defective parts pass.", valueName: "percent"))
    var maxEscape: PercentArgument?

    @Option(help: ArgumentHelp("Wanted instead: at most so many of the good parts are stopped.", valueName: "percent"))
    var maxOverkill: PercentArgument?

    @Option(help: "Confidence that the rate is kept with.")
    var confidence = PercentArgument(rate: 0.95)

    @Option(help: "Share of the frames that limits are not chosen on.")
    var heldOut = PercentArgument(rate: 0.5)

    @Option(help: "Seed that divides the frames.")
    var seed: UInt64 = 1

    @Option(help: "How often a held-out frame's regions are moved a little and inspected again, to see whether unstable verdicts are wrong ones.")
    var jitter = 4

    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("Write the region file with the limits to another file.", valueName: "file"))
    var output: String?

    @Flag(help: "Write the limits into the region file itself.")
    var write = false

    @Flag(help: "Replace the file that --output names if it is there.")
    var force = false

    @Flag(help: "Write also when the held-out frames do not show the rate; the comment says so.")
    var bestEffort = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard (maxEscape == nil) != (maxOverkill == nil) else { throw ValidationError("Give --max-escape or --max-overkill.") }
        for (rate, name) in [(maxEscape, "--max-escape"), (maxOverkill, "--max-overkill"), (confidence, "--confidence"), (heldOut, "--held-out")] {
            if let rate, rate.rate < 1e-6 { throw ValidationError("\(name) must be at least 0.0001% and below 100%.") }
        }
        guard (config == nil) != (regions == nil) else { throw ValidationError("Give --config or --regions.") }
        if config != nil, model.model != SPTModel.embeddedName || model.adapter != nil {
            throw ValidationError("--config says which model and adapter; leave --model and --adapter away.")
        }
        if write, output != nil { throw ValidationError("Give --output or --write, not both.") }
        guard (0...100).contains(jitter) else { throw ValidationError("--jitter must be from 0 to 100, not \(jitter).") }
    }

    func run() async throws {
        let configuration = try config.map { try Configuration(path: $0) }, path = regions ?? configuration?.regions ?? ""
        if let target = output ?? (write ? path : nil) {
            try OutputFile.requireFolder(of: target)
            try OutputFile.requireFree(target, overwrite: write || force)
        }
        let file = try RegionFile(path: path)
        let calibration = try Calibration(file, path: path, camera: camera, goal: goal, settings: settings)
        let result = try await onThread("calibrate") { [self] in
            let samples = try data.samples()
            let model = try configuration.map { try CameraModels($0).model(of: camera) } ?? model.load()
            return try calibration.run(model, on: samples) { done in
                Terminal.count("calibrate", done, of: samples.count, "frames")
            }
        }
        Terminal.progress("")
        for line in result.skipped { Terminal.printError("calibrate: left out: \(line)") }
        if json { try Terminal.printJSON(result) } else { for line in result.lines { Terminal.print(line) } }
        if let target = output ?? (write ? path : nil), result.isShown || bestEffort {
            let text = try result.editedFile(path: path, revision: file.revision, date: .now, command: commandText)
            try OutputFile.write(text, to: target, overwrite: write || force)
            Terminal.printError("calibrate: limits written to \(target)")
        }
        if !result.isShown {
            if !bestEffort, write || output != nil { Terminal.printError("calibrate: nothing was written; --best-effort writes regardless") }
            throw ExitCode(1)
        }
    }

    private var goal: CalibrationGoal {
        CalibrationGoal(
            maxEscape == nil ? .overkill : .escapes, atMost: (maxEscape ?? maxOverkill)?.rate ?? 0, confidence: confidence.rate)
    }

    private var settings: CalibrationSettings {
        var settings = CalibrationSettings()
        settings.heldOutShare = heldOut.rate
        settings.seed = seed
        settings.jitters = jitter
        settings.workers = model.threads
        settings.isStrict = data.strict
        return settings
    }

    /// As the region file's comment tells it.
    private var commandText: String {
        let wanted = maxEscape.map { "--max-escape \($0.defaultValueDescription)" }
            ?? maxOverkill.map { "--max-overkill \($0.defaultValueDescription)" } ?? ""
        return "flawd calibrate \(wanted) --confidence \(confidence.defaultValueDescription) --seed \(seed)"
    }
}
