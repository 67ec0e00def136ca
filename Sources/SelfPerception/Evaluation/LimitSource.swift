/// Which parts a limit is chosen on. Never those that it is reported on.
public enum LimitSource: Sendable, Equatable {
    /// The test parts are divided in two by the seed; each half is judged at the limit that the other half chose.
    case halves
    /// The data set's train parts.
    case train
    /// Nothing is chosen.
    case given(Double)

    public var text: String {
        switch self {
        case .halves: "limits were chosen on a random half of the test parts and are reported on the other, both ways round"
        case .train: "limits were chosen on the train parts and are reported on the test parts"
        case .given(let limit): "the limit \(fixed(limit, 3)) was given"
        }
    }
}
