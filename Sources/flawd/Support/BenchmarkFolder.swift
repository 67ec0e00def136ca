import Foundation

/// A folder for what a benchmark writes; it goes with it.
struct BenchmarkFolder: ~Copyable {
    let path: String

    /// - Throws: `InvalidInput` naming a folder that cannot be made.
    init(in parent: String?) throws {
        let folder = URL(fileURLWithPath: parent ?? ".").appendingPathComponent("flawd-bench-\(UUID().uuidString)")
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw InvalidInput("\(folder.path): cannot be made: \(error.localizedDescription)")
        }
        path = folder.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
