/// The models in force, replaced while frames are inspected: a frame is inspected by those that were there when its turn came.
final class ModelShelf: Sendable {
    private let state: Monitor<CameraModels>

    init(_ models: CameraModels) { state = Monitor(models) }

    var current: CameraModels {
        get { state.read { $0 } }
        set { state.update { $0 = newValue } }
    }
}
