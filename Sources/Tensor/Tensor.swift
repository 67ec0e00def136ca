/// A Float32 matrix of `rows` tokens × `columns` channels, packed row by row.
///
/// Pictures are tensors too: height · width rows of their channels (NHWC), so that a 1×1 convolution is one product.
/// A tensor is a view: copies share the memory. One taken from a ``Workspace`` is valid until its scope ends.
public struct Tensor: Sendable {
    public let rows: Int
    public let columns: Int
    private let storage: TensorStorage
    private let offset: Int

    /// A tensor with memory of its own; the contents are undefined.
    public init(rows: Int, columns: Int) {
        self.init(rows: rows, columns: columns, storage: TensorStorage(count: rows * columns), offset: 0)
    }

    /// Copies `values` (row by row).
    public init(rows: Int, columns: Int, values: some Collection<Float>) {
        precondition(values.count == rows * columns, "\(values.count) values for \(rows)×\(columns)")
        self.init(rows: rows, columns: columns)
        _ = buffer.initialize(from: values)
    }

    init(rows: Int, columns: Int, storage: TensorStorage, offset: Int) {
        precondition(offset + rows * columns <= storage.count || rows * columns == 0)
        self.rows = rows
        self.columns = columns
        self.storage = storage
        self.offset = offset
    }

    public var count: Int { rows * columns }

    /// The first value. Hoist it out of loops.
    public var pointer: UnsafeMutablePointer<Float> { storage.base + offset }

    public var buffer: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: pointer, count: count)
    }

    /// A view of `range`'s rows.
    public func rows(_ range: Range<Int>) -> Tensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows)
        return Tensor(rows: range.count, columns: columns, storage: storage, offset: offset + range.lowerBound * columns)
    }

    /// The same memory with another shape of the same count.
    public func reshaped(rows: Int, columns: Int) -> Tensor {
        precondition(rows * columns == count)
        return Tensor(rows: rows, columns: columns, storage: storage, offset: offset)
    }

    public func copy(from other: Tensor) {
        precondition(other.count == count)
        pointer.update(from: other.pointer, count: count)
    }

    /// Whose memory this is a view of.
    var memory: TensorStorage { storage }

    /// Where in it.
    var place: Range<Int> { offset..<offset + count }

    var identity: ObjectIdentifier { ObjectIdentifier(storage) }

    /// The same place in other memory of the same size.
    func moved(to other: TensorStorage) -> Tensor {
        Tensor(rows: rows, columns: columns, storage: other, offset: offset)
    }

    public func fill(_ value: Float) { pointer.update(repeating: value, count: count) }
}
