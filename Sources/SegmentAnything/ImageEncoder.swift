import Tensor

/// What turns a normalised picture into an image embedding.
public protocol ImageEncoder: Sendable {
    /// - Parameters:
    ///   - input: `imageSize² × 3`, normalised.
    ///   - embedding: `gridSize² × transformerDim`, written.
    func callAsFunction(_ input: Tensor, into embedding: Tensor, in workspace: Workspace)

    /// The matrix products of one picture, for benchmarks; empty where an encoder is not made of them.
    var products: [ProductSize] { get }
}

extension ImageEncoder {
    public var products: [ProductSize] { [] }
}

extension Checkpoint {
    /// The encoder that the configuration names.
    public func imageEncoder() throws(CheckpointError) -> any ImageEncoder {
        switch configuration.encoder {
        case .vit: try VisionTransformer(self)
        case .lite0: try LiteEncoder(self)
        case .tinyvit: try TinyViT(self)
        }
    }
}
