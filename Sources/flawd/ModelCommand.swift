import ArgumentParser
import Foundation
import SegmentAnything
import SelfPerception

struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Look at model files, and make them of published checkpoints.",
        subcommands: [ModelInfoCommand.self, ModelImportCommand.self, ModelExportAdapterCommand.self])
}

struct ModelInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show what a model file holds: architecture, sizes, hash, where it came from.",
        discussion: "The whole file is read and checked against its own description, as the daemon would.")

    @Argument(help: ArgumentHelp("nano, the embedded model, or a safetensors file.", valueName: "model"))
    var model = SPTModel.embeddedName

    @Option(help: ArgumentHelp("SPT adapter (lora_* keys) that is merged into the model.", valueName: "file"))
    var adapter: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() async throws {
        let file = try SafeTensorsFile(path: SPTModel.path(of: model))
        let adapterFile = try adapter.map { try SafeTensorsFile(path: $0) }
        let loaded = try SPTModel(base: file, adapter: adapterFile)
        let info = Info(file, loaded)
        if json {
            try Terminal.printJSON(info)
        } else {
            for line in info.lines { Terminal.print(line) }
        }
    }

    private struct Info: Encodable {
        var file: String
        /// What people call it: as the file says, or by its sizes.
        var name: String
        var adapter: String?
        var bytes: Int
        var sha256: String
        var tensors: Int
        var parameters: Int
        /// Parameters of each part: image_encoder, prompt_encoder, mask_decoder, draft_decoder.
        var parts: [String: Int]
        /// How many tensors are stored in each type.
        var types: [String: Int]
        /// Whether a second pass refines the draft.
        var refinement: Bool
        var configuration: ModelConfiguration
        var metadata: [String: String]

        init(_ file: SafeTensorsFile, _ model: SPTModel) {
            self.file = file.path
            name = model.metadata["name"] ?? model.configuration.architectureName
            adapter = model.adapterPath
            bytes = file.byteCount
            sha256 = model.hash
            tensors = file.entries.count
            parts = [:]
            types = [:]
            for (name, entry) in file.entries {
                parts[name.split(separator: ".").first.map(String.init) ?? name, default: 0] += entry.shape.reduce(1, *)
                types[entry.type, default: 0] += 1
            }
            parameters = parts.values.reduce(0, +)
            refinement = model.hasRefinement
            configuration = model.configuration
            metadata = model.metadata.filter { $0.key != "config" && $0.key != "name" }
        }

        private var resizing: String {
            switch configuration.resize {
            case .stretch: "stretched\(configuration.truncateInput ? ", truncated to bytes" : "")"
            case .longestSide: "longest side resized, the rest padded"
            }
        }

        var lines: [String] {
            let size = configuration.imageSize, grid = configuration.gridSize, mask = configuration.maskSize
            var lines = [
                "model          \(Terminal.clean(name))",
                "file           \(file)",
                "size           \(bytes) bytes, \(tensors) tensors (\(types.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")))",
                "sha256         \(sha256)",
                "encoder        \(configuration.encoder.rawValue), input \(size)×\(size), \(resizing)",
                "embedding      \(grid)×\(grid) tokens of \(configuration.transformerDim) channels",
                "decoders       \(configuration.decoderDepth) blocks, \(configuration.decoderHeads) heads, masks \(mask)×\(mask)",
                "refinement     \(refinement ? "a second pass refines the draft (SPT)" : "none: a plain SAM, its one pass is the answer")",
                "parameters     \(parameters)",
            ]
            if let adapter { lines.insert("adapter        \(adapter)", at: 2) }
            for (name, count) in parts.sorted(by: { $0.key < $1.key }) { lines.append("  \(name.padding(toLength: 16, withPad: " ", startingAt: 0)) \(count)") }
            for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
                lines.append("\(key.padding(toLength: 14, withPad: " ", startingAt: 0)) \(Terminal.clean(value))")
            }
            return lines
        }
    }
}
