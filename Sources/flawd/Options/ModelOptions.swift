import ArgumentParser
import Foundation
import SelfPerception

/// `--model`, `--adapter` and `--threads` of the commands that run a model themselves.
struct ModelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("nano, the embedded model, or a safetensors file.", valueName: "model"))
    var model = SPTModel.embeddedName

    @Option(help: ArgumentHelp("SPT adapter (lora_* keys) that is merged into the model.", valueName: "file"))
    var adapter: String?

    @Option(help: "Cores to use; the result does not depend on it.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        guard (1...256).contains(threads) else { throw ValidationError("--threads must be from 1 to 256, not \(threads).") }
    }

    func load() throws -> SPTModel { try Self.load(model, adapter: adapter, threads: threads) }

    func session() throws -> SPTSession { SPTSession(model: try load(), threads: threads) }

    /// A model whose adapter answers as when it was tuned.
    static func load(_ model: String, adapter: String?, threads: Int) throws -> SPTModel {
        let model = try SPTModel(path: model, adapter: adapter)
        try AdapterParity.verify(model, threads: threads)
        return model
    }
}
