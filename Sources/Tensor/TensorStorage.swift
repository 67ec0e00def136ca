#if canImport(Glibc)
import Glibc
#endif

/// Memory for floats, aligned to a cache line (64 bytes), freed with its last owner.
// @unchecked Sendable: the address and size never change; who may write is decided by the owner of the tensors in it
// (weights are written once before they are shared, a workspace belongs to one worker).
public final class TensorStorage: @unchecked Sendable {
    public let base: UnsafeMutablePointer<Float>
    public let count: Int

    private static let largePage = 2 << 20

    /// - Precondition: `count` is not negative; sizes from files are checked before they get here.
    public init(count: Int) {
        let bytes = max(64, count * MemoryLayout<Float>.stride)
        let isLarge = bytes >= Self.largePage
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? Self.largePage : 64)
        #if canImport(Glibc)
        // Kernels stride over hundreds of lines that are pages apart: with small pages the translation buffer is too small.
        if isLarge { madvise(raw, bytes / Self.largePage * Self.largePage, MADV_HUGEPAGE) }
        #endif
        base = raw.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }
}
