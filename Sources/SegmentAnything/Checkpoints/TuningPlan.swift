import Imaging
import Tensor

/// What of a model is tuned, and the weights of it that a checkpoint found while the model was read.
public final class TuningPlan {
    public let parameters = ParameterSet()
    /// Whether the model gets what its file lacks of SPT: a second pass, a copy of the mask decoder to begin with, and adapters.
    public let addsSelfPerception: Bool
    let initialScale: Float
    let alpha: Float?
    let trains: (String) -> Bool
    let rank: (String) -> Int?
    private var generator: SeededGenerator

    /// - Parameters:
    ///   - seed: of what new low-rank updates start from.
    ///   - initialScale: what a vector that is trained but not in the file starts from.
    ///   - alpha: the visual relation's threshold, where it is not the model's own.
    ///   - trains: whether all of a tensor is trained, by its key.
    ///   - rank: of the low-rank update that a layer gets, by the key of the layer; nil: none.
    public init(
        seed: UInt64, addsSelfPerception: Bool, initialScale: Float = 0, alpha: Float? = nil,
        trains: @escaping (String) -> Bool, rank: @escaping (String) -> Int?
    ) {
        self.addsSelfPerception = addsSelfPerception
        self.initialScale = initialScale
        self.alpha = alpha
        // Batch norms are folded into convolutions: what they measured belongs to the pictures that they were trained on.
        self.trains = { !$0.contains(".bn.") && trains($0) }
        self.rank = rank
        generator = SeededGenerator(seed: seed, stream: 1)
    }

    func fillUniform(_ tensor: Tensor, limit: Float) {
        for index in 0..<tensor.count { tensor.pointer[index] = generator.uniform(-limit...limit) }
    }
}
