/// The model's answer cannot be used; the frame becomes `uninspected (model_error)`.
struct ModelProblem: Error, Equatable {
    var detail: String
}
