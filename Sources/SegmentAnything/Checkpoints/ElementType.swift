/// How a file stores numbers, by the names of safetensors; all are little-endian.
public enum ElementType: String, Sendable, CaseIterable {
    case f64 = "F64", f32 = "F32", f16 = "F16", bf16 = "BF16"
    case i64 = "I64", u64 = "U64", i32 = "I32", u32 = "U32", i16 = "I16", u16 = "U16", i8 = "I8", u8 = "U8", bool = "BOOL"

    /// Bytes of one number.
    public var size: Int {
        switch self {
        case .f64, .i64, .u64: 8
        case .f32, .i32, .u32: 4
        case .f16, .bf16, .i16, .u16: 2
        case .i8, .u8, .bool: 1
        }
    }

    /// Whether weights can be stored so.
    public var isFloat: Bool {
        switch self {
        case .f64, .f32, .f16, .bf16: true
        default: false
        }
    }

    /// What is left of a value that is stored so: of F16 and BF16 the nearest that they have, ties to even, and infinity beyond their largest.
    public func rounded(_ value: Float) -> Float {
        switch self {
        case .f16: return Float(Float16(value))
        case .bf16:
            guard value.isFinite else { return value }
            let bits = value.bitPattern
            return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
        default: return value
        }
    }

    /// Converts numbers to Float32; only where ``isFloat``.
    ///
    /// - Parameters:
    ///   - source: the first number; it needs no alignment.
    ///   - stride: from one number to the next, in numbers.
    /// - Returns: whether all results are finite. A Double beyond Float32 is not.
    func convert(_ source: UnsafeRawPointer, stride: Int = 1, count: Int, into target: UnsafeMutablePointer<Float>) -> Bool {
        precondition(isFloat)
        var finite = true
        let step = stride * size
        switch self {
        case .f64:
            for index in 0..<count {
                let value = Float(Double(bitPattern: UInt64(littleEndian: source.loadUnaligned(fromByteOffset: step * index, as: UInt64.self))))
                finite = finite && value.isFinite
                target[index] = value
            }
        case .f32:
            for index in 0..<count {
                let value = Float(bitPattern: UInt32(littleEndian: source.loadUnaligned(fromByteOffset: step * index, as: UInt32.self)))
                finite = finite && value.isFinite
                target[index] = value
            }
        case .f16:
            for index in 0..<count {
                let value = Float(Float16(bitPattern: UInt16(littleEndian: source.loadUnaligned(fromByteOffset: step * index, as: UInt16.self))))
                finite = finite && value.isFinite
                target[index] = value
            }
        default:
            for index in 0..<count {
                let value = Float(bitPattern: UInt32(UInt16(littleEndian: source.loadUnaligned(fromByteOffset: step * index, as: UInt16.self))) << 16)
                finite = finite && value.isFinite
                target[index] = value
            }
        }
        return finite
    }
}
