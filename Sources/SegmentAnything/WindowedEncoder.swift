import Tensor

/// An image encoder that works in windows and can leave some of them out.
public protocol WindowedEncoder: ImageEncoder {
    /// What can be left out. One window alone cannot.
    var windows: WindowGrid { get }

    /// Encodes some of the picture's windows as if there were nothing else: their tokens attend to each other only, and
    /// convolutions see zeros beyond them, as they do beyond the picture's edge. What comes before the first global
    /// attention is exact; from there on a token no longer knows of what was left out.
    ///
    /// - Parameters:
    ///   - input: `imageSize² × 3`, normalised.
    ///   - tokens: of ``windows``, not empty.
    ///   - embedding: `tokens.count × transformerDim`, written.
    func callAsFunction(_ input: Tensor, tokens: TokenSet, into embedding: Tensor, in workspace: Workspace)
}
