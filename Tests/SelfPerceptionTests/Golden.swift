import Foundation
import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception
@testable import Tensor

/// Files that lie beside the repository, in `../shared`, or where `FLAWD_SHARED` says.
enum Shared {
    static let directory: URL = {
        if let set = ProcessInfo.processInfo.environment["FLAWD_SHARED"] { return URL(fileURLWithPath: set) }
        return URL(fileURLWithPath: #filePath)
            .appendingPathComponent("../../../../shared").standardizedFileURL
    }()

    static func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    static func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    static func missing(_ name: String) -> Comment { "\(name) is not in \(directory.path): nothing to compare with" }
}

/// A file of tensors computed by the published implementation.
struct Golden {
    let file: SafeTensorsFile

    init(_ name: String) throws { file = try SafeTensorsFile(path: Shared.path(name)) }

    func shape(_ name: String) throws -> [Int] { try #require(file.entries[name]).shape }

    func floats(_ name: String) throws -> [Float] {
        let count = try shape(name).reduce(1, *)
        return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            try file.floats(name, into: #require(buffer.baseAddress))
            initialized = count
        }
    }

    /// A `1 × C × H × W` (or `C × H × W`) tensor as tokens × channels.
    func tokens(_ name: String) throws -> [Float] {
        let values = try floats(name), sizes = try shape(name).suffix(3)
        let channels = try #require(sizes.first), area = sizes.dropFirst().reduce(1, *)
        return (0..<values.count).map { values[$0 % channels * area + $0 / channels] }
    }

    func bytes(_ name: String) throws -> [UInt8] { Array(try #require(file.bytes(of: name))) }

    func image(_ name: String) throws -> RGBImage {
        let size = try shape(name), pixels = try bytes(name)
        let image = RGBImage(width: size[1], height: size[0])
        for index in 0..<image.bytes.count { image.bytes[index] = size.count == 3 ? pixels[index] : pixels[index / 3] }
        return image
    }
}

extension Tensor {
    var values: [Float] { Array(buffer) }
}

/// Fails when any value is further from the expected one than `tolerance`.
func expectClose(
    _ actual: [Float], _ expected: [Float], within tolerance: Float, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard actual.count == expected.count else {
        Issue.record("\(what): \(actual.count) values, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    var worst: Float = 0
    for (a, e) in zip(actual, expected) where !(abs(a - e) <= worst) { worst = abs(a - e) }
    #expect(worst <= tolerance, "\(what): max |Δ| \(worst) > \(tolerance)", sourceLocation: sourceLocation)
}
