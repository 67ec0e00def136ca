extension PickleDocument {
    /// The tensors by name: of the root, or of what a training checkpoint keeps under `state_dict` or `model`. What is no
    /// tensor is passed over. A `module.` before every name (DataParallel) is dropped.
    ///
    /// - Returns: names with tensor numbers, in the file's order; a name can occur twice.
    func stateDictionary(file: String) throws(CheckpointError) -> [(name: String, tensor: Int)] {
        guard case .dictionary(let root) = root else {
            throw CheckpointError(file: file, problem: "holds \(root.kind) where a state dict (name → tensor) is expected")
        }
        var found = tensors(of: root)
        if found.isEmpty {
            for (name, value) in named(root) where ["state_dict", "model"].contains(name) && found.isEmpty {
                if case .dictionary(let number) = value { found = tensors(of: number) }
            }
        }
        guard !found.isEmpty else {
            let names = named(root).map(\.name)
            let list = names.isEmpty ? "nothing" : names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
            throw CheckpointError(
                file: file, problem: "holds no tensors at its root, under state_dict or under model; it holds \(list)")
        }
        let wrapper = "module."
        guard found.allSatisfy({ $0.name.hasPrefix(wrapper) }) else { return found }
        return found.map { (String($0.name.dropFirst(wrapper.count)), $0.tensor) }
    }

    private func tensors(of dictionary: Int) -> [(name: String, tensor: Int)] {
        named(dictionary).compactMap { entry in
            if case .tensor(let number) = entry.value { (entry.name, number) } else { nil }
        }
    }
}
