import Foundation
import SegmentAnything

/// Lines to standard output, or into a file that is there when all of them are.
// @unchecked Sendable: one thread at a time has it, and hands it on.
final class LineFile: @unchecked Sendable {
    private let file: OutputFile?
    private var buffer: [UInt8] = []

    /// - Parameter path: nil: standard output.
    init(_ path: String?, force: Bool) throws {
        if let path { try OutputFile.requireFolder(of: path) }
        file = try path.map { try OutputFile(path: $0, size: 0, overwrite: force) }
    }

    func write(_ line: String) throws { try write(Array(line.utf8)) }

    /// - Parameter line: text in UTF-8.
    func write(_ line: [UInt8]) throws {
        buffer += line
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= 1 << 16 { try flush() }
    }

    func finish() throws {
        try flush()
        try file?.finish()
    }

    private func flush() throws {
        if let file {
            try buffer.withUnsafeBytes { try file.write($0) }
        } else {
            do { try FileHandle.standardOutput.write(contentsOf: Data(buffer)) } catch {
                throw Failure("standard output cannot be written: \(error.localizedDescription)")
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
