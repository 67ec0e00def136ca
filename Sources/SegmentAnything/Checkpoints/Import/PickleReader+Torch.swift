/// What torch's names stand for, built as plain values.
extension PickleReader {
    /// The persistent ID of a storage: ('storage', class, key, device, count), in the legacy form with a view, None, at the end.
    mutating func storage(_ id: PickleValue) throws(CheckpointError) -> PickleValue {
        guard case .tuple(let number) = id else { throw refused("a persistent ID that is \(id.kind)") }
        let parts = document.tuples[number]
        guard parts.count == 5 || parts.count == 6, case .text("storage") = parts[0], case .global(.storage(let type)) = parts[1],
            case .text(let key) = parts[2], case .text = parts[3], case .integer(let count) = parts[4]
        else { throw refused("a persistent ID other than ('storage', class, key, device, count)") }
        if parts.count == 6 {
            guard case .none = parts[5] else { throw refused("a storage that is a view of another (PyTorch before 0.4)") }
        }
        guard count >= 0, !count.multipliedReportingOverflow(by: type.size).overflow else {
            throw wrong("storage \(key) claims \(count) numbers")
        }
        if let known = storageNumbers[key] {
            guard document.storages[known].type == type, document.storages[known].count == count else {
                throw wrong("storage \(key) is described in two ways")
            }
            return .storage(known)
        }
        guard document.storages.count < limits.tensors else { throw wrong("it has more storages than any state dict") }
        storageNumbers[key] = document.storages.count
        document.storages.append(PickleStorage(key: key, type: type, count: count))
        return .storage(document.storages.count - 1)
    }

    /// What calling `callable` would make, for the four that are known. Nothing is called.
    mutating func reduce(_ callable: PickleValue, _ arguments: PickleValue) throws(CheckpointError) -> PickleValue {
        guard case .global(let name) = callable else { throw refused("REDUCE of \(callable.kind)") }
        guard case .tuple(let number) = arguments else { throw refused("REDUCE of \(name) with \(arguments.kind)") }
        let parts = document.tuples[number]
        switch name {
        case .orderedDict:
            guard parts.isEmpty else { throw refused("\(name) with arguments") }
            return dictionary()
        case .rebuildTensor:
            return try tensor(parts)
        case .rebuildParameter:
            guard parts.count == 3, case .tensor = parts[0] else { throw refused("\(name) of other than a tensor") }
            return parts[0]
        case .size:
            guard parts.count == 1, case .tuple = parts[0] else { throw refused("\(name) of other than a tuple") }
            return parts[0]
        case .storage:
            throw refused("REDUCE of \(name)")
        }
    }

    /// (storage, offset, shape, strides, requires_grad, hooks) and perhaps metadata, of which there must be none.
    private mutating func tensor(_ parts: [PickleValue]) throws(CheckpointError) -> PickleValue {
        guard parts.count == 6 || parts.count == 7, case .storage(let number) = parts[0], case .integer(let offset) = parts[1],
            let shape = integers(parts[2]), let strides = integers(parts[3])
        else { throw refused("\(PickleGlobal.rebuildTensor) of other than (storage, offset, shape, strides, …)") }
        if parts.count == 7 {
            switch parts[6] {
            case .none: break
            case .dictionary(let metadata) where document.dictionaries[metadata].isEmpty: break
            default: throw refused("a tensor with metadata (conjugated or negated)")
            }
        }
        let storage = document.storages[number]
        guard shape.count == strides.count, shape.count <= limits.rank else {
            throw wrong("a tensor of shape \(shape.prefix(limits.rank + 1)) has \(strides.count) strides; as many as sizes, at most \(limits.rank), are possible")
        }
        guard document.tensors.count < limits.tensors else { throw wrong("it has more tensors than any state dict") }
        let tensor = PickleTensor(storage: number, offset: offset, shape: shape, strides: strides)
        if let problem = tensor.problem(in: storage) { throw wrong(problem) }
        document.tensors.append(tensor)
        return .tensor(document.tensors.count - 1)
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard case .tuple(let number) = value else { return nil }
        var numbers: [Int] = []
        for part in document.tuples[number] {
            guard case .integer(let number) = part else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}

extension PickleTensor {
    /// Why the tensor does not lie inside the storage; nil when it does.
    fileprivate func problem(in storage: PickleStorage) -> String? {
        func outside() -> String {
            "a tensor of shape \(shape), strides \(strides) and offset \(offset) does not lie inside its storage of \(storage.count) numbers"
        }
        guard offset >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else { return outside() }
        var count = 1, last = offset
        for (size, stride) in zip(shape, strides) {
            let (product, tooMany) = count.multipliedReportingOverflow(by: size)
            let (step, tooFar) = max(size - 1, 0).multipliedReportingOverflow(by: stride)
            let (sum, beyond) = last.addingReportingOverflow(step)
            guard !tooMany, !tooFar, !beyond else { return outside() }
            (count, last) = (product, sum)
        }
        if count == 0 { return offset <= storage.count ? nil : outside() }
        guard last < storage.count else { return outside() }
        // An expanded tensor (stride 0) could be made as large as one likes.
        guard count <= storage.count else { return "a tensor of shape \(shape) repeats the numbers of a storage of \(storage.count)" }
        return nil
    }
}
