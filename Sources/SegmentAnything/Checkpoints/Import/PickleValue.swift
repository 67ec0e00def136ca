/// What a pickle builds. Containers are named by their number in the ``PickleDocument``, so that one which holds itself
/// is neither a leak nor an endless walk.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case global(PickleGlobal)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case storage(Int)
    case tensor(Int)

    /// In words, for messages.
    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a bool"
        case .integer: "an int"
        case .real: "a float"
        case .text: "a string"
        case .global(let name): name.description
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dict"
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// The names that a pickle may mention. They are recognised, never looked up or called.
enum PickleGlobal: Equatable, CustomStringConvertible {
    case orderedDict, rebuildTensor, rebuildParameter, size
    case storage(ElementType)

    private static let storages: [String: ElementType] = [
        "FloatStorage": .f32, "HalfStorage": .f16, "BFloat16Storage": .bf16, "DoubleStorage": .f64, "LongStorage": .i64,
        "IntStorage": .i32, "ShortStorage": .i16, "CharStorage": .i8, "ByteStorage": .u8, "BoolStorage": .bool,
    ]

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDict
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", "Size"): self = .size
        case ("torch", _):
            guard let type = Self.storages[name] else { return nil }
            self = .storage(type)
        default: return nil
        }
    }

    var description: String {
        switch self {
        case .orderedDict: "collections.OrderedDict"
        case .rebuildTensor: "torch._utils._rebuild_tensor_v2"
        case .rebuildParameter: "torch._utils._rebuild_parameter"
        case .size: "torch.Size"
        case .storage(let type): "a storage class of \(type.rawValue)"
        }
    }
}

/// Memory that tensors lie in: `count` numbers, in a place of the file that `key` names.
struct PickleStorage {
    let key: String
    let type: ElementType
    let count: Int
}

/// A view of a storage. It lies inside: offset + Σ (shape − 1) · stride < count.
struct PickleTensor {
    let storage: Int
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}

/// The result of reading a pickle.
struct PickleDocument {
    var root = PickleValue.none
    var tuples: [[PickleValue]] = []
    var lists: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [PickleStorage] = []
    var tensors: [PickleTensor] = []
    /// Where the pickle ends.
    var end = 0

    /// The entries of a dictionary whose keys are strings.
    func named(_ dictionary: Int) -> [(name: String, value: PickleValue)] {
        dictionaries[dictionary].compactMap { entry in
            if case .text(let name) = entry.key { (name, entry.value) } else { nil }
        }
    }
}
