import Foundation
import Imaging
import SegmentAnything
import Tensor

/// Weights and description of an SPT model; immutable, shared by every session.
public final class SPTModel: Sendable {
    /// The file the weights came from, and the adapter that was merged into them.
    public let path: String
    public let adapterPath: String?
    /// SHA-256 of the file the weights came from, as lower-case hexadecimal; of both, joined by "+", with an adapter.
    public let hash: String
    public let configuration: ModelConfiguration
    /// What the file says of itself (licence, provenance).
    public let metadata: [String: String]
    /// The same of the adapter; empty without one.
    public let adapterMetadata: [String: String]
    let encoder: any ImageEncoder
    let passes: DraftRefine

    /// Whether a second pass refines the draft: SPT's. A plain SAM has none; its answer is the draft.
    public var hasRefinement: Bool { passes.refineDecoder != nil }

    /// The model that is part of flawd: `nano`.
    public static let embeddedName = "nano"

    /// - Parameters:
    ///   - path: a safetensors file with a `config`, or ``embeddedName``.
    ///   - adapter: a file with `lora_*` keys, merged into the weights.
    /// - Throws: ``CheckpointError`` naming the file and the key.
    public convenience init(path: String, adapter: String? = nil) throws(CheckpointError) {
        var adapterFile: SafeTensorsFile?
        if let adapter { adapterFile = try SafeTensorsFile(path: adapter) }
        try self.init(base: SafeTensorsFile(path: Self.path(of: path)), adapter: adapterFile)
    }

    /// The file that a model's name stands for: ``embeddedName``, or a path.
    public static func path(of name: String) throws(CheckpointError) -> String {
        name == embeddedName ? try embeddedPath() : name
    }

    public convenience init(base: SafeTensorsFile, adapter: SafeTensorsFile? = nil) throws(CheckpointError) {
        try self.init(Checkpoint(base: base, adapter: adapter), hash: base.contentHash(), plain: nil)
    }

    /// A model whose weights are tuned in place: `plan` names them, and nothing else may use the model while they change.
    public convenience init(
        base: SafeTensorsFile, adapter: SafeTensorsFile? = nil, tuning plan: TuningPlan
    ) throws(CheckpointError) {
        try self.init(Checkpoint(base: base, adapter: adapter, tuning: plan), hash: base.contentHash(), plain: nil)
    }

    /// A model as it is and with each of several adapters. Linear layers that an adapter leaves alone are in memory once.
    public static func load(
        path: String, adapters: [String]
    ) throws(CheckpointError) -> (base: SPTModel, adapted: [SPTModel]) {
        let file = try SafeTensorsFile(path: Self.path(of: path)), layers = SharedLayers()
        let hash = file.contentHash()
        let base = try SPTModel(Checkpoint(base: file, sharing: layers), hash: hash, plain: nil)
        var adapted: [SPTModel] = []
        for adapter in adapters {
            let checkpoint = try Checkpoint(base: file, adapter: SafeTensorsFile(path: adapter), sharing: layers)
            adapted.append(try SPTModel(checkpoint, hash: hash, plain: base))
        }
        return (base, adapted)
    }

    /// - Parameters:
    ///   - hash: of the base file.
    ///   - plain: the same base without an adapter, where it is loaded already.
    private init(_ checkpoint: Checkpoint, hash: String, plain: SPTModel?) throws(CheckpointError) {
        if let missing = Processor.missingFeature() { throw CheckpointError(file: checkpoint.base.path, problem: missing) }
        path = checkpoint.base.path
        adapterPath = checkpoint.adapter?.path
        self.hash = [hash, checkpoint.adapter?.contentHash()].compactMap { $0 }.joined(separator: "+")
        configuration = checkpoint.configuration
        metadata = checkpoint.base.metadata
        adapterMetadata = checkpoint.adapter?.metadata ?? [:]
        let encoderKeys = "image_encoder."
        let shared = checkpoint.isAdapted(prefix: encoderKeys) ? nil : plain?.encoder
        if let shared { encoder = shared } else { encoder = try checkpoint.imageEncoder() }
        passes = try DraftRefine(checkpoint)
        try checkpoint.requireAllUsed { shared != nil && $0.hasPrefix(encoderKeys) }
    }

    /// Where the embedded weights lie: in the build tree beside the program, or where a package installs them.
    ///
    /// - Throws: ``CheckpointError`` that lists the places that were tried.
    public static func embeddedPath() throws(CheckpointError) -> String {
        let name = "nano.safetensors"
        let program = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .map { URL(fileURLWithPath: $0) } ?? program
        let directory = executable.deletingLastPathComponent()
        var places = [
            directory.appendingPathComponent("flawd_SelfPerception.resources/\(name)").path,
            directory.appendingPathComponent("../share/flawd/\(name)").standardizedFileURL.path,
        ]
        if let set = ProcessInfo.processInfo.environment["FLAWD_MODEL_DIR"] { places.insert("\(set)/\(name)", at: 0) }
        for place in places where FileManager.default.isReadableFile(atPath: place) { return place }
        throw CheckpointError(file: name, problem: "the embedded model is in none of \(places.joined(separator: ", "))")
    }
}
