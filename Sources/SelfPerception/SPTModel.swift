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
    let encoder: any ImageEncoder
    let passes: DraftRefine

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

    public init(base: SafeTensorsFile, adapter: SafeTensorsFile? = nil) throws(CheckpointError) {
        if let missing = Processor.missingFeature() { throw CheckpointError(file: base.path, problem: missing) }
        let checkpoint = try Checkpoint(base: base, adapter: adapter)
        path = base.path
        adapterPath = adapter?.path
        hash = [base.contentHash(), adapter?.contentHash()].compactMap { $0 }.joined(separator: "+")
        configuration = checkpoint.configuration
        metadata = base.metadata
        encoder = try checkpoint.imageEncoder()
        passes = try DraftRefine(checkpoint)
        try checkpoint.requireAllUsed()
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
