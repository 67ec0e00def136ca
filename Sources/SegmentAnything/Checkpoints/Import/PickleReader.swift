/// Reads the pickles that `torch.save` writes, without executing anything.
///
/// A pickle is a program for a small stack machine, and Python's own reader lets it call any function there is. This one
/// knows a list of opcodes (protocol 2 only) and a list of names (``PickleGlobal``), builds plain values, and refuses
/// everything else, saying what it met. All that grows is bounded: values, memo, stack, strings, tensors.
struct PickleReader {
    struct Limits {
        var bytes = 64 << 20
        var values = 1 << 20
        var stack = 1 << 16
        var marks = 1 << 10
        var text = 1 << 20
        var tensors = 100_000
        /// Dimensions of a tensor.
        var rank = 16
    }

    let bytes: UnsafeRawBufferPointer
    let file: String
    let limits: Limits
    var position: Int
    var document = PickleDocument()
    var stack: [PickleValue] = []
    var storageNumbers: [String: Int] = [:]
    private var marks: [Int] = []
    private var memo: [UInt32: PickleValue] = [:]
    private var steps = 0
    private let start: Int

    private init(_ bytes: UnsafeRawBufferPointer, at start: Int, file: String, limits: Limits) {
        self.bytes = bytes
        self.file = file
        self.limits = limits
        self.start = start
        position = start
    }

    /// - Parameter start: where the pickle begins; `end` of the result says where it ends.
    static func read(
        _ bytes: UnsafeRawBufferPointer, at start: Int = 0, file: String, limits: Limits = Limits()
    ) throws(CheckpointError) -> PickleDocument {
        var reader = PickleReader(bytes, at: start, file: file, limits: limits)
        while try reader.step() {}
        reader.document.end = reader.position
        return reader.document
    }

    func wrong(_ problem: String) -> CheckpointError {
        CheckpointError(file: file, problem: "its pickle, at byte \(position): \(problem)")
    }

    func refused(_ what: String) -> CheckpointError {
        wrong("\(what) is refused: flawd reads plain state dicts and executes nothing. torch.save(model.state_dict(), …) in PyTorch makes a file that holds nothing else")
    }

    /// One opcode.
    ///
    /// - Returns: whether there is more.
    private mutating func step() throws(CheckpointError) -> Bool {
        steps += 1
        guard steps <= limits.values, position - start <= limits.bytes else { throw wrong("it is larger than any state dict") }
        let code: UInt8 = try next(UInt8.self)
        switch PickleOpcode(rawValue: code) {
        case .proto:
            let version: UInt8 = try next(UInt8.self)
            guard version == 2 else { throw refused("pickle protocol \(version) (torch.save writes 2)") }
        case .stop:
            guard stack.count == 1, marks.isEmpty, let root = stack.popLast() else { throw wrong("it ends with \(stack.count) values; one is right") }
            document.root = root
            return false
        case .mark:
            guard marks.count < limits.marks else { throw wrong("it is nested deeper than any state dict") }
            marks.append(stack.count)
        case .pushNone: try push(.none)
        case .newTrue: try push(.bool(true))
        case .newFalse: try push(.bool(false))
        case .binInt: try push(.integer(Int(try next(Int32.self))))
        case .binInt1: try push(.integer(Int(try next(UInt8.self))))
        case .binInt2: try push(.integer(Int(try next(UInt16.self))))
        case .long1: try push(.integer(long()))
        case .binFloat: try push(.real(Double(bitPattern: try next(UInt64.self).byteSwapped)))
        case .binUnicode: try push(.text(text()))
        case .emptyTuple: try push(tuple([]))
        case .tuple1: try push(tuple(pop(1)))
        case .tuple2: try push(tuple(pop(2)))
        case .tuple3: try push(tuple(pop(3)))
        case .tuple: try push(tuple(popToMark()))
        case .emptyList: try push(list([]))
        case .list: try push(list(popToMark()))
        case .emptyDictionary: try push(dictionary())
        case .dictionary:
            let pairs = try popToMark(), made = dictionary()
            try set(pairs, in: made)
            try push(made)
        case .append: try append(pop(1))
        case .appends: try append(popToMark())
        case .setItem:
            let pair = try pop(2)
            try set(pair, in: top())
        case .setItems:
            let pairs = try popToMark()
            try set(pairs, in: top())
        case .binGet: try push(recall(UInt32(try next(UInt8.self))))
        case .longBinGet: try push(recall(try next(UInt32.self)))
        case .binPut: try keep(UInt32(try next(UInt8.self)))
        case .longBinPut: try keep(try next(UInt32.self))
        case .binPersistentID:
            let id = try pop(1)
            try push(storage(id[0]))
        case .global: try push(.global(global()))
        case .reduce:
            let call = try pop(2)
            try push(reduce(call[0], call[1]))
        case .build:
            let pair = try pop(2)
            // The attributes of an OrderedDict (a state dict's `_metadata`): nothing of theirs is needed.
            guard case .dictionary = pair[0], case .dictionary = pair[1] else {
                throw refused("BUILD of \(pair[0].kind) from \(pair[1].kind)")
            }
            try push(pair[0])
        case nil:
            position -= 1
            throw refused("opcode \(PickleOpcode.nameOfRefused(code))")
        }
        return true
    }

    // MARK: Arguments

    private mutating func next<Integer: FixedWidthInteger>(_ type: Integer.Type) throws(CheckpointError) -> Integer {
        guard let value = bytes.integer(at: position, as: type) else { throw wrong("it is cut") }
        position += MemoryLayout<Integer>.size
        return value
    }

    private mutating func take(_ count: Int) throws(CheckpointError) -> UnsafeRawBufferPointer {
        guard let part = bytes.part(at: position, count: count) else { throw wrong("it is cut") }
        position += count
        return part
    }

    private mutating func long() throws(CheckpointError) -> Int {
        let count = Int(try next(UInt8.self))
        guard count <= 8 else { throw refused("an integer of \(count) bytes") }
        let part = try take(count)
        var value: Int64 = (part.last ?? 0) >= 0x80 ? -1 : 0
        for byte in part.reversed() { value = value << 8 | Int64(byte) }
        return Int(value)
    }

    private mutating func text() throws(CheckpointError) -> String {
        let count = try next(UInt32.self)
        guard let count = Int(exactly: count), count <= limits.text else { throw wrong("a string of \(count) bytes is longer than any key") }
        guard let text = String(validating: try take(count), as: UTF8.self) else { throw wrong("a string is not UTF-8") }
        return text
    }

    /// Two lines: a module and a name.
    private mutating func global() throws(CheckpointError) -> PickleGlobal {
        func line(_ reader: inout PickleReader) throws(CheckpointError) -> String {
            let rest = reader.bytes[reader.position...].prefix(256)
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw reader.wrong("a name is cut or longer than any") }
            let text = String(decoding: rest[..<end], as: UTF8.self)
            reader.position = end + 1
            return text
        }
        let module = try line(&self), name = try line(&self)
        guard let global = PickleGlobal(module: module, name: name) else { throw refused("the name \(module).\(name)") }
        return global
    }

    // MARK: Stack and memo

    private mutating func push(_ value: PickleValue) throws(CheckpointError) {
        guard stack.count < limits.stack else { throw wrong("it is nested deeper than any state dict") }
        stack.append(value)
    }

    private mutating func pop(_ count: Int) throws(CheckpointError) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw wrong("a value is missing on its stack") }
        let values = Array(stack.suffix(count))
        stack.removeLast(count)
        return values
    }

    private mutating func popToMark() throws(CheckpointError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw wrong("a mark is missing on its stack") }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    private func top() throws(CheckpointError) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.last else { throw wrong("a value is missing on its stack") }
        return value
    }

    private mutating func keep(_ index: UInt32) throws(CheckpointError) {
        guard index < limits.values else { throw wrong("memo \(index) is further than any state dict goes") }
        memo[index] = try top()
    }

    private func recall(_ index: UInt32) throws(CheckpointError) -> PickleValue {
        guard let value = memo[index] else { throw wrong("memo \(index) was never set") }
        return value
    }

    // MARK: Containers

    private mutating func tuple(_ values: [PickleValue]) -> PickleValue {
        document.tuples.append(values)
        return .tuple(document.tuples.count - 1)
    }

    private mutating func list(_ values: [PickleValue]) -> PickleValue {
        document.lists.append(values)
        return .list(document.lists.count - 1)
    }

    mutating func dictionary() -> PickleValue {
        document.dictionaries.append([])
        return .dictionary(document.dictionaries.count - 1)
    }

    private mutating func append(_ values: [PickleValue]) throws(CheckpointError) {
        guard case .list(let number) = try top() else { throw refused("APPEND to \(try top().kind)") }
        document.lists[number].append(contentsOf: values)
    }

    private mutating func set(_ pairs: [PickleValue], in target: PickleValue) throws(CheckpointError) {
        guard case .dictionary(let number) = target else { throw refused("SETITEM on \(target.kind)") }
        guard pairs.count.isMultiple(of: 2) else { throw wrong("a dict has a key without a value") }
        for index in stride(from: 0, to: pairs.count, by: 2) {
            document.dictionaries[number].append((pairs[index], pairs[index + 1]))
        }
    }
}
