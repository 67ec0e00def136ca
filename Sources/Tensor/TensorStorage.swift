/// Memory for floats, aligned to a cache line (64 bytes), freed with its last owner.
// @unchecked Sendable: the address and size never change; who may write is decided by the owner of the tensors in it
// (weights are written once before they are shared, a workspace belongs to one worker).
public final class TensorStorage: @unchecked Sendable {
    public let base: UnsafeMutablePointer<Float>
    public let count: Int

    /// - Precondition: `count` is not negative; sizes from files are checked before they get here.
    public init(count: Int) {
        let bytes = max(64, count * MemoryLayout<Float>.stride)
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        base = raw.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }
}
