import Foundation
import Inspection
import SegmentAnything
import SelfPerception

/// The model of each camera: the base, or the base with an adapter. What an adapter does not change is in memory once.
public struct CameraModels: Sendable {
    public let base: SPTModel
    private let adapted: [(cameras: CameraPattern, model: SPTModel)]
    /// Of the files that it was loaded from.
    let signature: [FileSignature?]

    /// - Throws: `CheckpointError` naming the file that is wrong, or the adapter that does not answer as when it was tuned.
    public init(_ configuration: Configuration) throws(CheckpointError) {
        // Before they are read: what is written meanwhile is noticed at the next look.
        signature = Self.signature(configuration)
        let files = Array(Set(configuration.adapters.map(\.path))).sorted()
        let models = try SPTModel.load(path: configuration.model, adapters: files)
        for model in models.adapted { try AdapterParity.verify(model, threads: ProcessInfo.processInfo.activeProcessorCount) }
        base = models.base
        adapted = zip(files, models.adapted).flatMap { file, model in
            configuration.adapters.filter { $0.path == file }.map { ($0.cameras, model) }
        }
    }

    /// Tells whether a configuration's model and adapters are the files that they were.
    static func signature(_ configuration: Configuration) -> [FileSignature?] {
        ([configuration.model] + configuration.adapters.map(\.path)).map(FileSignature.init)
    }

    /// The closest entry counts: an exact name before a prefix, a longer prefix before a shorter one.
    public func model(of camera: String) -> SPTModel {
        adapted.compactMap { entry in entry.cameras.rank(for: camera).map { (rank: $0, model: entry.model) } }
            .max { $0.rank < $1.rank }?.model ?? base
    }

    /// What a region file asks for that the models cannot do. Verdicts do not suffer by it, so it is no error.
    public func warnings(about regions: RegionFile) -> [String] {
        // An adapter changes weights, never the architecture.
        guard !base.encodesRegions else { return [] }
        return regions.camerasEncodingRegions.map {
            "camera \"\($0)\": `encode: region` has no effect with \(base.path), whose encoder (\(base.configuration.encoder.rawValue)) has no windows that could be left out: the whole frame is encoded"
        }
    }

    /// A line for each model that is in use.
    public var explanation: [String] {
        ["model \(base.path) \(base.hash)"] + adapted.map { "cameras \($0.cameras.text): adapter \($0.model.adapterPath ?? "") \($0.model.hash)" }
    }
}
