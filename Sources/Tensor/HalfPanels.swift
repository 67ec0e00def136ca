import CProcessor

/// The two ways in which half the bits can hold a weight.
public enum HalfFormat: Sendable {
    case float16, bfloat16

    /// The bits of a value that this format holds exactly.
    @inline(__always)
    func bits(_ value: Float) -> UInt16 {
        switch self {
        case .float16: Float16(value).bitPattern
        case .bfloat16: UInt16(truncatingIfNeeded: value.bitPattern >> 16)
        }
    }
}

/// A layer's panels in half the space, for weights that a file holds so: they become floats again a slice at a time, just
/// before they are used, and the results are those of floats.
struct HalfPanels: Sendable {
    private let format: HalfFormat
    private let storage: TensorStorage

    /// - Parameter panels: values that `format` holds exactly.
    init(_ panels: Tensor, format: HalfFormat) {
        self.format = format
        storage = TensorStorage(count: (panels.count + 1) / 2)
        let bits = UnsafeMutableRawPointer(storage.base)
        for index in 0..<panels.count { bits.storeBytes(of: format.bits(panels.pointer[index]), toByteOffset: 2 * index, as: UInt16.self) }
    }

    /// Values `start ..< start + count` of all panels, one after another.
    func expand(from start: Int, count: Int, into target: UnsafeMutablePointer<Float>) {
        let source = (UnsafeRawPointer(storage.base) + 2 * start).assumingMemoryBound(to: UInt16.self)
        switch format {
        case .float16: flawd_expand_half(source, target, count)
        case .bfloat16: flawd_expand_bfloat(source, target, count)
        }
    }

    /// Where value `index` is, to fetch it ahead.
    func address(_ index: Int) -> UnsafeRawPointer { UnsafeRawPointer(storage.base) + 2 * index }
}
