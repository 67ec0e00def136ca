/// A file of named tensors, whatever its form: what an import reads, one tensor at a time.
public protocol TensorSource: AnyObject {
    var path: String { get }
    /// What the file says of itself; empty where its form has no place for it.
    var metadata: [String: String] { get }
    var tensors: [String: TensorDescription] { get }

    /// Converts a tensor to Float32, row by row. What of the file was read for it stays in memory no longer.
    ///
    /// - Throws: ``CheckpointError`` when it is missing, holds no floating-point numbers, or holds NaN or infinity.
    func floats(_ name: String, into target: UnsafeMutablePointer<Float>) throws(CheckpointError)

    /// SHA-256 of the whole file.
    func contentHash() -> String

    /// Whether the other path leads to this very file.
    func isSameFile(as path: String) -> Bool
}

public struct TensorDescription: Sendable, Equatable {
    public let type: ElementType
    /// As PyTorch says it; empty for a single number.
    public let shape: [Int]

    public init(type: ElementType, shape: [Int]) {
        self.type = type
        self.shape = shape
    }

    /// How many numbers; the file's reader has seen to it that they fit.
    public var count: Int { shape.reduce(1, *) }
}
