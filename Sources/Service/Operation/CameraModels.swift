import Inspection
import SegmentAnything
import SelfPerception

/// The model of each camera: the base, or the base with an adapter. What an adapter does not change is in memory once.
public struct CameraModels: Sendable {
    public let base: SPTModel
    private let adapted: [(cameras: CameraPattern, model: SPTModel)]

    /// - Throws: `CheckpointError` naming the file that is wrong.
    public init(_ configuration: Configuration) throws(CheckpointError) {
        let files = Array(Set(configuration.adapters.map(\.path))).sorted()
        let models = try SPTModel.load(path: configuration.model, adapters: files)
        base = models.base
        adapted = zip(files, models.adapted).flatMap { file, model in
            configuration.adapters.filter { $0.path == file }.map { ($0.cameras, model) }
        }
    }

    /// The closest entry counts: an exact name before a prefix, a longer prefix before a shorter one.
    public func model(of camera: String) -> SPTModel {
        adapted.compactMap { entry in entry.cameras.rank(for: camera).map { (rank: $0, model: entry.model) } }
            .max { $0.rank < $1.rank }?.model ?? base
    }

    /// A line for each model that is in use.
    public var explanation: [String] {
        ["model \(base.path) \(base.hash)"] + adapted.map { "cameras \($0.cameras.text): adapter \($0.model.adapterPath ?? "") \($0.model.hash)" }
    }
}
