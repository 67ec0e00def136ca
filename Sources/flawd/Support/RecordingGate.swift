import Foundation
import Inspection
import Logging
import SegmentAnything
import Service

/// `flawd replay --gate` at work, on a thread of its own.
struct RecordingGate {
    let command: ReplayCommand

    /// - Returns: the exit code: 0, 3 where something is beyond the tolerance or a recording is not whole, 1 where it was stopped.
    func run() throws -> Int32 {
        let options = command.gate
        for file in [options.report, options.verdicts].compactMap(\.self) {
            try OutputFile.requireFolder(of: file)
            try OutputFile.requireFree(file, overwrite: true)
        }
        let (report, verdicts) = try inspect()
        if !report.isStopped { try verdicts?.finish() }
        Terminal.progress("")
        if options.json { try Terminal.printJSON(report) } else { Terminal.print(report.markdown.joined(separator: "\n")) }
        if let file = options.report { try OutputFile.write(report.html, to: file, overwrite: true) }
        for line in report.objections { Terminal.printError("gate: \(Terminal.clean(line))") }
        return report.isStopped ? 1 : report.passes ? 0 : 3
    }

    private func inspect() throws -> (GateReport, LineFile?) {
        let options = command.gate, stop = StopSignal()
        let recordings: GateRecordings
        do { recordings = try GateRecordings(paths: command.paths, prefix: command.camera ?? "") } catch { throw InvalidInput(error.description) }
        var settings = options.settings
        let lower = command.from?.nanoseconds(after: recordings.start) ?? 0, upper = command.to?.nanoseconds(after: recordings.start) ?? .max
        guard lower <= upper else { throw InvalidInput("--from lies behind --to") }
        settings.times = lower...upper
        var logger = Logger(label: "flawd") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let gate = try VerdictGate(recordings, configuration: options.configuration(), settings: settings, logger: logger)
        for warning in gate.warnings { Terminal.printError("gate: regions: \(warning)") }
        let verdicts = try options.verdicts.map { try LineFile($0, force: true) }
        do {
            let report = try gate.run(isStopped: { stop.isStopped }) { event, changed in
                try verdicts?.write(event.json)
                Self.report(Int(event.seq), changed)
            }
            return (report, verdicts)
        } catch let error as GateError {
            throw InvalidInput(error.description)
        }
    }

    private static func report(_ frames: Int, _ changed: Int) {
        if Terminal.errorIsTerminal {
            Terminal.progress("gate: \(frames) frames, \(changed) changed")
        } else if frames % 1000 == 0 {
            Terminal.printError("gate: \(frames) frames, \(changed) changed")
        }
    }
}
