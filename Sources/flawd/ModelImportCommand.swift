import ArgumentParser
import Foundation
import SegmentAnything
import SelfPerception
import Service

struct ModelImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a model file of a published checkpoint: SAM ViT-B, ViT-L, ViT-H or MobileSAM, with or without an SPT adapter.",
        discussion: """
            Reads PyTorch's .pth/.pt (zip or legacy form) and safetensors. Nothing in a .pth is executed: it may hold a \
            state dict and nothing else. The architecture is found in the keys and shapes; a file that does not fit is \
            refused, key by key. The result is one safetensors file for --model, which says where it came from.

            A plain SAM is asked as SAM's own predictor does (longest side first); with an adapter as SPT's published \
            evaluation does (stretched, truncated to bytes).
            """)

    enum Storage: String, ExpressibleByArgument, CaseIterable {
        case f32, f16, bf16

        var type: ElementType {
            switch self {
            case .f32: .f32
            case .f16: .f16
            case .bf16: .bf16
            }
        }
    }

    @Argument(help: ArgumentHelp("Checkpoint: .pth, .pt or safetensors.", valueName: "source"))
    var source: String

    @Option(help: ArgumentHelp("SPT adapter (lora_* keys): .pth, .pt or safetensors.", valueName: "file"))
    var adapter: String?

    @Option(help: ArgumentHelp("The file to write; default: the source's name with .safetensors, here.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("How matrices are stored: \(Storage.allCases.map(\.rawValue).joined(separator: ", ")). Vectors and the adapter stay f32; computation is in f32 whatever the choice.", valueName: "type"))
    var dtype = Storage.f32

    @Flag(help: "Replace the output file if it is there.")
    var force = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if source == SPTModel.embeddedName { throw ValidationError("\(SPTModel.embeddedName) is part of flawd: there is nothing to import.") }
        if let output, output.isEmpty || output.hasSuffix("/") { throw ValidationError("--output must name a file, not \"\(output)\".") }
    }

    func run() async throws {
        let target = output ?? URL(fileURLWithPath: source).deletingPathExtension().lastPathComponent + ".safetensors"
        let importer = try ModelImporter(source: source, adapter: adapter)
        let stop = StopSignal()
        let result = try importer.write(
            to: target, type: dtype.type, overwrite: force, stamp: .init(program: "flawd \(BuildIdentity.current())")
        ) { part in
            if stop.isStopped { throw Failure("stopped; \(target) was not written") }
            Terminal.progress("import: \(importer.name), \(Int(100 * part))%")
        }
        Terminal.progress("")
        let report = Report(
            file: target, name: importer.name, bytes: result.byteCount, tensors: importer.tensorCount,
            leftOut: importer.leftOut, configuration: importer.configuration,
            metadata: result.metadata.filter { $0.key != "config" && $0.key != "name" })
        if json {
            try Terminal.printJSON(report)
        } else {
            for line in report.lines { Terminal.print(line) }
        }
    }

    private struct Report: Encodable {
        var file: String
        var name: String
        var bytes: Int
        var tensors: Int
        var leftOut: [String]
        var configuration: ModelConfiguration
        var metadata: [String: String]

        enum CodingKeys: String, CodingKey {
            case file, name, bytes, tensors, configuration, metadata
            case leftOut = "left_out"
        }

        var lines: [String] {
            var lines = [
                "\(file): \(name), \(tensors) tensors, \(bytes) bytes",
                "  source  \(Terminal.clean(metadata["source"] ?? "")), sha256 \(metadata["source_sha256"] ?? "")",
            ]
            if let adapter = metadata["adapter"] {
                lines.append("  adapter \(Terminal.clean(adapter)), sha256 \(metadata["adapter_sha256"] ?? "")")
            }
            if !leftOut.isEmpty { lines.append("  left out \(leftOut.count) tensors that no forward pass needs: \(Terminal.clean(leftOut.prefix(2).joined(separator: ", ")))\(leftOut.count > 2 ? ", …" : "")") }
            return lines
        }
    }
}
