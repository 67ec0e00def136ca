import ArgumentParser
import Foundation
import Imaging
import Inspection
import SegmentAnything
import SelfPerception
import Service
import Streaming

struct CheckCommand: AsyncParsableCommand {
    enum Schema: String, ExpressibleByArgument, CaseIterable { case configuration, regions, verdict, health }

    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate configuration and region files and show the prompts that each region becomes.",
        discussion: "Everything that is wrong in the two files is listed, each with its line, then what keeps a model from loading; the exit code is then 2.")

    @Option(name: .shortAndLong, help: ArgumentHelp("Configuration file (YAML); its region file, model and adapters are checked too.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Region file (YAML).", valueName: "file"))
    var regions: String?

    @Option(help: ArgumentHelp("Frame size to show prompts for, such as 640x480; default: each camera's reference_size.", valueName: "size"))
    var frame: FrameSizeArgument?

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Option(help: "Print a JSON Schema instead: configuration, regions, verdict or health (/status and status/health).")
    var schema: Schema?

    func validate() throws {
        if schema == nil, config == nil, regions == nil { throw ValidationError("Give --config FILE, --regions FILE or --schema NAME.") }
    }

    func run() async throws {
        if let schema { return Terminal.print(text(of: schema)) }
        var findings: [FileError.Finding] = []
        var settings: Configuration?
        var file: RegionFile?
        do throws(FileError) { settings = try config.map { path throws(FileError) in try Configuration(path: path) } } catch {
            findings += error.findings
        }
        let path = regions ?? settings?.regions
        if let path {
            do throws(FileError) { file = try RegionFile(path: path) } catch { findings += error.findings }
        }
        findings += settings?.security?.findings ?? []
        var models: CameraModels?
        if let settings {
            do throws(CheckpointError) { models = try CameraModels(settings) } catch {
                findings.append(.init(file: error.file, problem: error.problem))
            }
        }
        findings += settings?.mqtt?.findings ?? []
        if let tokens = settings?.http?.tokens {
            do throws(CurveError) { _ = try AccessTokens(path: tokens) } catch { findings.append(.init(file: tokens, line: error.line, problem: error.problem)) }
        }
        if let file { findings += settings?.golden?.findings(regions: file) ?? [] }
        // A misspelt camera would be inspected without its adapter, and nobody would know.
        var warnings = file?.warnings ?? []
        if let file, let models { warnings += models.warnings(about: file) }
        if let file, let settings {
            for adapter in settings.adapters where !file.cameras.contains(where: { adapter.cameras.overlaps($0) }) {
                warnings.append("\(config ?? ""): adapters: \"\(adapter.cameras.text)\" is no camera of the region file (\(file.cameras.joined(separator: ", ")))")
            }
        }
        let report = Report(
            valid: findings.isEmpty, findings: findings, models: models?.explanation ?? [], warnings: warnings, revision: file?.revision,
            cameras: file.map { cameras(of: $0, model: models?.base) } ?? [])
        json ? try printJSON(report) : printText(report, settings, path)
        if !findings.isEmpty { throw ExitCode(2) }
    }

    private struct Report: Encodable {
        var valid: Bool
        var findings: [FileError.Finding]
        /// The model, and each adapter with its cameras, with their hashes.
        var models: [String]
        var warnings: [String]
        var revision: String?
        var cameras: [Camera]
    }

    private struct Camera: Encodable {
        var camera: String
        /// Width and height; absent where neither the file nor `--frame` says.
        var frame: [Int]?
        var explanation: [String]
    }

    private func cameras(of file: RegionFile, model: SPTModel?) -> [Camera] {
        file.cameras.map { pattern in
            guard let size = frame?.size ?? file.referenceSize(pattern: pattern), let plan = file.plan(pattern: pattern, frame: size)
            else {
                return Camera(
                    camera: pattern, explanation: ["camera \(pattern): has no reference_size; --frame WIDTHxHEIGHT shows its prompts"])
            }
            return Camera(camera: pattern, frame: [size.width, size.height], explanation: plan.explanation(for: model))
        }
    }

    private func printJSON(_ report: Report) throws {
        try Terminal.printJSON(report)
    }

    private func printText(_ report: Report, _ settings: Configuration?, _ regions: String?) {
        for finding in report.findings { Terminal.printError(finding.description) }
        for warning in report.warnings { Terminal.printError("warning: \(warning)") }
        if let config, let settings {
            if report.valid { Terminal.print("\(config): valid") }
            if let line = settings.security?.explanation { Terminal.print("  \(line)") }
            for line in report.models + settings.explanation { Terminal.print("  \(line)") }
        }
        if let regions, let revision = report.revision { Terminal.print("\(regions): valid, revision \(revision)") }
        for camera in report.cameras { for line in camera.explanation { Terminal.print("  \(line)") } }
    }

    private func text(of schema: Schema) -> String {
        switch schema {
        case .configuration: ConfigurationSchema.text
        case .regions: JSONSchema.regions
        case .verdict: JSONSchema.verdict
        case .health: HealthSchema.text
        }
    }
}
