import Foundation
import Imaging

/// Where `segment` leaves its files: `FOLDER/NAME.…`, NAME being the picture's.
struct SegmentFiles {
    /// The picture's path as it was given.
    let image: String
    let folder: String

    private var prefix: String {
        "\(folder)/\(URL(fileURLWithPath: image).deletingPathExtension().lastPathComponent)"
    }

    /// Writes a mask as gray 0 and 255.
    ///
    /// - Parameter number: from 1, where there are several.
    /// - Throws: `InvalidInput` naming the file.
    func write(_ mask: BinaryMask, number: Int? = nil) throws -> String {
        let path = "\(prefix).mask\(number.map { "-\($0)" } ?? "").png"
        var gray: [UInt8] = []
        mask.mono8(into: &gray)
        try attempt { try PNGFile.writeGray(gray, size: mask.size, path: path) }
        return path
    }

    func write(overlay: RGBImage) throws -> String {
        let path = "\(prefix).overlay.jpg"
        try attempt { try Data(JPEGEncoder().encode(overlay)).write(to: URL(fileURLWithPath: path)) }
        return path
    }

    private func attempt(_ body: () throws -> Void) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try body()
        } catch let error as ImagingError {
            throw InvalidInput("\(error)")
        } catch {
            throw InvalidInput("\(folder): \(error.localizedDescription)")
        }
    }
}
