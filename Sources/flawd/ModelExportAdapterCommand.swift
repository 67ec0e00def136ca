import ArgumentParser
import Foundation
import SegmentAnything
import SelfPerception
import Service

struct ModelExportAdapterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export-adapter",
        abstract: "Take the SPT adapter (the lora_* keys alone) out of a model file.",
        discussion: "The numbers are those that were imported or tuned, in f32; the file goes with --adapter or to PyTorch.")

    @Argument(help: ArgumentHelp("Model file (safetensors) that holds lora_* keys.", valueName: "model"))
    var model: String

    @Option(help: ArgumentHelp("The file to write (safetensors).", valueName: "file"))
    var output: String

    @Flag(help: "Replace the output file if it is there.")
    var force = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() async throws {
        let file = try SafeTensorsFile(path: model == SPTModel.embeddedName ? SPTModel.embeddedPath() : model)
        let result = try AdapterExport.write(
            file, to: output, overwrite: force, program: "flawd \(BuildIdentity.current())")
        if json {
            let report = Report(file: output, bytes: result.byteCount, tensors: result.tensorCount, metadata: result.metadata)
            try Terminal.printJSON(report)
        } else {
            Terminal.print("\(output): adapter of \(Terminal.clean(result.metadata["name"] ?? model)), \(result.tensorCount) tensors, \(result.byteCount) bytes")
        }
    }

    private struct Report: Encodable {
        var file: String
        var bytes: Int
        var tensors: Int
        var metadata: [String: String]
    }
}
