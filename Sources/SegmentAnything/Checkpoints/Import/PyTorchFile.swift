/// A checkpoint that `torch.save` wrote, in its zip form (PyTorch 1.6 and later) or the legacy form before it.
///
/// The two are told apart by content. Only the description is read at first; numbers stay in the mapped file until they
/// are asked for. Every tensor has been found to lie inside the file before ``init(path:)`` returns.
public final class PyTorchFile: TensorSource {
    public let path: String
    public let metadata: [String: String] = [:]
    public let tensors: [String: TensorDescription]
    private let file: MappedFile
    private let places: [String: Place]

    /// Where a tensor lies in the file.
    private struct Place {
        /// Byte of the first number.
        var start: Int
        var strides: [Int]
        /// The bytes of its whole storage.
        var storage: Range<Int>
    }

    public static let accepted = "a PyTorch .pth/.pt that holds a state dict, or a safetensors file, is expected"

    public init(path: String) throws(CheckpointError) {
        self.path = path
        file = try MappedFile(path: path)
        let layout: TorchLayout
        switch FileKind(file.bytes) {
        case .zip: layout = try TorchLayout(zip: file.bytes, file: path)
        case .pickle: layout = try TorchLayout(legacy: file.bytes, file: path)
        case let kind:
            throw CheckpointError(file: path, problem: "looks like \(kind?.description ?? "no checkpoint, or a damaged one"); \(Self.accepted)")
        }
        var tensors: [String: TensorDescription] = [:]
        var places: [String: Place] = [:]
        var total = 0
        for (name, number) in try layout.document.stateDictionary(file: path) {
            let tensor = layout.document.tensors[number], storage = layout.document.storages[tensor.storage]
            let range = layout.storages[tensor.storage], description = TensorDescription(type: storage.type, shape: tensor.shape)
            guard tensors.updateValue(description, forKey: name) == nil else {
                throw CheckpointError(file: path, problem: "its state dict holds \(name) twice")
            }
            places[name] = Place(
                start: range.lowerBound + tensor.offset * storage.type.size, strides: tensor.strides, storage: range)
            // Tensors may share memory; a file whose tensors are many times its size is a trick.
            let (sum, overflow) = total.addingReportingOverflow(description.count * storage.type.size)
            guard !overflow, sum / 4 <= file.bytes.count else {
                throw CheckpointError(file: path, problem: "its tensors share memory so that they are more than four times the file")
            }
            total = sum
        }
        self.tensors = tensors
        self.places = places
    }

    public func floats(_ name: String, into target: UnsafeMutablePointer<Float>) throws(CheckpointError) {
        guard let tensor = tensors[name], let place = places[name] else {
            throw CheckpointError(file: path, problem: "\(name) is missing")
        }
        guard tensor.type.isFloat else {
            throw CheckpointError(file: path, problem: "\(name) is \(tensor.type.rawValue); weights are floating-point numbers")
        }
        let count = tensor.count
        guard count > 0, let base = file.bytes.baseAddress else { return }
        // The longest run of trailing dimensions that lie one behind the other is converted at once.
        var run = 1, outer = tensor.shape.count
        while outer > 0, tensor.shape[outer - 1] == 1 || place.strides[outer - 1] == run {
            outer -= 1
            run *= tensor.shape[outer]
        }
        var finite = true
        if run > 1 || outer == 0 {
            Self.forEach(tensor.shape[..<outer], place.strides[..<outer]) { index, offset in
                let source = base + place.start + offset * tensor.type.size
                if !tensor.type.convert(source, count: run, into: target + index * run) { finite = false }
            }
        } else {
            let last = outer - 1, size = tensor.shape[last]
            Self.forEach(tensor.shape[..<last], place.strides[..<last]) { index, offset in
                let source = base + place.start + offset * tensor.type.size
                if !tensor.type.convert(source, stride: place.strides[last], count: size, into: target + index * size) { finite = false }
            }
        }
        file.release(place.storage)
        guard finite else { throw CheckpointError(file: path, problem: "\(name) holds NaN, infinity or a number beyond Float32") }
    }

    /// Calls `body` with the count so far and the offset in numbers, for every index of `shape`, the last one fastest.
    private static func forEach(_ shape: ArraySlice<Int>, _ strides: ArraySlice<Int>, _ body: (Int, Int) -> Void) {
        let shape = Array(shape), strides = Array(strides), total = shape.reduce(1, *)
        var index = [Int](repeating: 0, count: shape.count), offset = 0
        for count in 0..<total {
            body(count, offset)
            for axis in stride(from: shape.count - 1, through: 0, by: -1) {
                index[axis] += 1
                offset += strides[axis]
                if index[axis] < shape[axis] { break }
                offset -= shape[axis] * strides[axis]
                index[axis] = 0
            }
        }
    }

    public func contentHash() -> String { ContentHash.sha256(file) }

    public func isSameFile(as path: String) -> Bool { file.isSame(as: path) }
}
