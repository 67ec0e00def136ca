import Foundation

/// Writes a safetensors file tensor by tensor, holding no more than a piece of one.
public final class SafeTensorsWriter {
    /// How one tensor is to be stored.
    struct Plan {
        var name: String
        /// F32, F16 or BF16.
        var type: ElementType
        var shape: [Int]
    }

    private let output: OutputFile
    private var plans: ArraySlice<Plan>
    private var buffer: [UInt8] = []
    private static let piece = 1 << 18

    /// Bytes of the whole file.
    let byteCount: Int

    /// - Parameter plans: what will be written, in this order. Give wide types first: each is then aligned to its size.
    init(path: String, plans: [Plan], metadata: [String: String], overwrite: Bool) throws {
        var header: [String: Any] = ["__metadata__": metadata], offset = 0
        for plan in plans {
            let size = plan.shape.reduce(1, *) * plan.type.size
            header[plan.name] = ["dtype": plan.type.rawValue, "shape": plan.shape, "data_offsets": [offset, offset + size]] as [String: Any]
            offset += size
        }
        var text = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
        // Spaces up to a multiple of 8, so that the numbers are aligned.
        text.append(contentsOf: repeatElement(0x20, count: (8 - text.count % 8) % 8))
        guard text.count <= SafeTensorsFile.largestHeader else {
            throw FileWriteError(file: path, problem: "its header would take \(text.count) bytes; \(SafeTensorsFile.largestHeader) are possible")
        }
        self.plans = plans[...]
        byteCount = 8 + text.count + offset
        output = try OutputFile(path: path, size: byteCount, overwrite: overwrite)
        try withUnsafeBytes(of: UInt64(text.count).littleEndian) { try output.write($0) }
        try text.withUnsafeBytes { try output.write($0) }
    }

    /// Writes the next tensor of the plan.
    ///
    /// - Returns: the first number that its type cannot hold, with nothing of use written; nil when all is well.
    func append(_ values: UnsafeBufferPointer<Float>) throws -> Float? {
        guard let plan = plans.popFirst() else { preconditionFailure("more tensors than planned") }
        precondition(values.count == plan.shape.reduce(1, *))
        for start in stride(from: 0, to: values.count, by: Self.piece) {
            let part = UnsafeBufferPointer(rebasing: values[start..<min(start + Self.piece, values.count)])
            if let unfit = try append(part, as: plan.type) { return unfit }
        }
        return nil
    }

    private func append(_ values: UnsafeBufferPointer<Float>, as type: ElementType) throws -> Float? {
        buffer.removeAll(keepingCapacity: true)
        buffer.reserveCapacity(values.count * type.size)
        func put<Bits: FixedWidthInteger>(_ convert: (Float) -> Bits?) -> Float? {
            for value in values {
                guard let bits = convert(value) else { return value }
                withUnsafeBytes(of: bits.littleEndian) { buffer.append(contentsOf: $0) }
            }
            return nil
        }
        let unfit: Float?
        switch type {
        case .f32: unfit = put { $0.bitPattern }
        case .f16, .bf16:
            unfit = put { value -> UInt16? in
                // The largest Floats would round to infinity.
                let rounded = type.rounded(value)
                guard rounded.isFinite else { return nil }
                return type == .f16 ? Float16(rounded).bitPattern : UInt16(truncatingIfNeeded: rounded.bitPattern >> 16)
            }
        default: preconditionFailure("weights are stored as F32, F16 or BF16")
        }
        if let unfit { return unfit }
        try buffer.withUnsafeBytes { try output.write($0) }
        return nil
    }

    /// Makes the file appear under its name. Without this nothing is left of it.
    func finish() throws {
        precondition(plans.isEmpty)
        try output.finish()
    }
}

/// A tensor on its way into a file.
public struct StoredTensor {
    public var name: String
    /// F32, F16 or BF16.
    public var type: ElementType
    public var shape: [Int]
    /// Row by row.
    public var values: UnsafeBufferPointer<Float>

    /// - Parameter values: stay where they are until the file is written.
    public init(name: String, type: ElementType, shape: [Int], values: UnsafeBufferPointer<Float>) {
        self.name = name
        self.type = type
        self.shape = shape
        self.values = values
    }
}

extension SafeTensorsWriter {
    /// Writes a whole file, or none.
    ///
    /// - Throws: ``CheckpointError`` naming a tensor whose numbers its type cannot hold; ``FileWriteError``.
    public static func write(
        _ tensors: [StoredTensor], metadata: [String: String], to path: String, overwrite: Bool
    ) throws {
        let ordered = tensors.sorted { ($1.type.size, $0.name) < ($0.type.size, $1.name) }
        let plans = ordered.map { Plan(name: $0.name, type: $0.type, shape: $0.shape) }
        let writer = try SafeTensorsWriter(path: path, plans: plans, metadata: metadata, overwrite: overwrite)
        for tensor in ordered {
            if let unfit = try writer.append(tensor.values) {
                throw CheckpointError(file: path, problem: "\(tensor.name) holds \(unfit), beyond what \(tensor.type.rawValue) can hold")
            }
        }
        try writer.finish()
    }
}
