import Dispatch
import Foundation

/// A new file that is written from its start to its end, with plain system calls.
///
/// `append` returns when the system has the bytes: a process that is killed loses nothing that was appended.
///
/// Whole blocks go to the disk past the page cache (`O_DIRECT`), where the file system can: the copy into the cache and its pages cost six
/// times the processor time of the rest, and would push the journal's pages out. What is left of the last block is written in the ordinary way,
/// so that the file always has its true length, and once more with the block when that is full.
final class RecordingFile {
    let path: String
    /// Bytes appended so far.
    private(set) var count: UInt64 = 0
    private let descriptor: Int32
    /// Negative: the file system cannot, or has refused.
    private var direct: Int32
    /// What follows `start`, the end of the last whole block on the disk.
    private let staging: UnsafeMutableRawBufferPointer
    private var start: UInt64 = 0
    private var staged = 0

    /// Of every disk there is a whole number of sectors, and a page.
    private static let block = 4096
    private static let stagingBytes = 1 << 20

    /// Linux's `O_DIRECT`, which Glibc's module does not show (asm-generic/fcntl.h, arch/arm64/include/uapi/asm/fcntl.h).
    private static var directFlag: Int32? {
        #if os(Linux) && arch(x86_64)
        0o40000
        #elseif os(Linux) && arch(arm64)
        0o200000
        #else
        nil
        #endif
    }

    /// - Throws: `RecordingError`, also where the file is there already.
    init(creating path: String) throws(RecordingError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw RecordingError(path, "make it", errno: errno) }
        direct = Self.directFlag.map { open(path, O_WRONLY | O_CLOEXEC | $0) } ?? -1
        staging = .allocate(byteCount: Self.stagingBytes, alignment: Self.block)
    }

    deinit {
        close(descriptor)
        if direct >= 0 { close(direct) }
        staging.deallocate()
    }

    /// Appends all of `parts`, one after the other, or throws and leaves the file as long as it was.
    func append(_ parts: ArraySlice<UInt8>...) throws(RecordingError) {
        let before = count, tail = [UInt8](staging[..<staged])
        do throws(RecordingError) { try write(parts) } catch {
            restore(before, tail: tail)
            throw error
        }
    }

    func append(_ bytes: [UInt8]) throws(RecordingError) { try append(bytes[...]) }

    private func write(_ parts: [ArraySlice<UInt8>]) throws(RecordingError) {
        for part in parts {
            try part.withUnsafeBufferPointer { (bytes) throws(RecordingError) in try stage(UnsafeRawBufferPointer(bytes)) }
        }
        try writeStaged()
    }

    private func stage(_ bytes: UnsafeRawBufferPointer) throws(RecordingError) {
        var rest = bytes
        while !rest.isEmpty {
            let taken = min(rest.count, staging.count - staged)
            UnsafeMutableRawBufferPointer(rebasing: staging[staged..<staged + taken]).copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<taken]))
            staged += taken
            count += UInt64(taken)
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            if staged == staging.count { try writeStaged() }
        }
    }

    /// Writes everything that is staged; what is left of a block stays, too.
    private func writeStaged() throws(RecordingError) {
        let whole = staged / Self.block * Self.block
        if whole > 0 {
            try writeBlocks(UnsafeRawBufferPointer(rebasing: staging[..<whole]))
            start += UInt64(whole)
            staged -= whole
            staging.copyMemory(from: UnsafeRawBufferPointer(rebasing: staging[whole..<whole + staged]))
        }
        try write(UnsafeRawBufferPointer(rebasing: staging[..<staged]), at: start, to: descriptor)
    }

    private func writeBlocks(_ blocks: UnsafeRawBufferPointer) throws(RecordingError) {
        if direct >= 0 {
            do throws(RecordingError) { return try write(blocks, at: start, to: direct) } catch {
                // A file system may take the flag and refuse the write.
                guard error.errno == EINVAL else { throw error }
                close(direct)
                direct = -1
            }
        }
        try write(blocks, at: start, to: descriptor)
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64, to descriptor: Int32) throws(RecordingError) {
        var rest = bytes, offset = offset
        while !rest.isEmpty {
            let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset))
            if written > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                offset += UInt64(written)
            } else if errno != EINTR {
                throw RecordingError(path, "write", errno: errno)
            }
        }
    }

    // MARK: Errors

    /// Forgets what an append that failed has left: part of a record would be taken for one that was cut. If even this fails, a reader says so.
    private func restore(_ length: UInt64, tail: [UInt8]) {
        _ = ftruncate(descriptor, off_t(length))
        count = length
        staged = tail.count
        start = length - UInt64(staged)
        staging.copyBytes(from: tail)
    }

    // MARK: The disk

    /// Waits until what was appended would survive a loss of power.
    func synchronise() throws(RecordingError) {
        while fdatasync(descriptor) != 0 {
            guard errno == EINTR else { throw RecordingError(path, "write it to the disk", errno: errno) }
        }
    }

    /// The same, on a thread of its own: a disk takes seconds for what a minute of frames was.
    func synchroniseLater() {
        let copy = dup(descriptor)
        guard copy >= 0 else { return }
        DispatchQueue.global(qos: .utility).async { @Sendable in
            fdatasync(copy)
            close(copy)
        }
    }
}
