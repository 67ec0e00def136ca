import Foundation
import Imaging
import Testing
@testable import SelfPerception

/// A data set made for a test, in a folder that goes away with it.
final class DatasetFixture {
    let root: URL

    init() throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-data-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    var path: String { root.path }

    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let place = root.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: place)
        return place.path
    }

    func write(_ text: String, _ name: String) throws { try write(Array(text.utf8), name) }

    /// A gray picture whose levels tell its columns apart.
    func jpeg(_ name: String, width: Int = 32, height: Int = 24) throws {
        let gray = (0..<width * height).map { UInt8(40 + $0 % width * 200 / width) }
        try write(try JPEGEncoder(quality: 95).encode(gray: gray, size: PixelSize(width: width, height: height)), name)
    }

    /// A mask, or with a level a flat picture, of gray pixels; `marked` is the level in the rectangle.
    func png(
        _ name: String, width: Int = 32, height: Int = 24, marked: UInt8 = 255, _ rect: PixelRect = PixelRect(x: 5, y: 6, width: 7, height: 4)
    ) throws {
        var gray = [UInt8](repeating: 0, count: width * height)
        for y in rect.y..<min(height, rect.maxY) { for x in rect.x..<min(width, rect.maxX) { gray[y * width + x] = marked } }
        let place = root.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try PNGFile.writeGray(gray, size: PixelSize(width: width, height: height), path: place.path)
    }

    /// An uncompressed picture of 24 bits, rows from the bottom.
    func bmp(_ name: String, width: Int = 32, height: Int = 24) throws {
        let stride = (width * 3 + 3) / 4 * 4
        func bytes(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var file: [UInt8] = [0x42, 0x4D] + bytes(54 + stride * height, 4) + bytes(0, 4) + bytes(54, 4)
        file += bytes(40, 4) + bytes(width, 4) + bytes(height, 4) + bytes(1, 2) + bytes(24, 2) + bytes(0, 24)
        for y in (0..<height).reversed() {
            var row: [UInt8] = []
            for x in 0..<width { row += [UInt8(x), UInt8(y), 200] }
            row += [UInt8](repeating: 0, count: stride - row.count)
            file += row
        }
        try write(file, name)
    }

    func open(_ layout: DatasetLayout? = nil, isStrict: Bool = false, at folder: String = "") throws -> DefectDataset {
        try DefectDataset.open(folder.isEmpty ? path : "\(path)/\(folder)", layout: layout, isStrict: isStrict)
    }
}

extension DefectDataset {
    func sample(_ name: String) -> DefectSample? { samples.first { $0.name == name } }
}
