import Foundation
import Testing

@testable import Imaging

/// The photographs beside the repository, where they are; FLAWD_SHARED names another place for them.
enum SharedData {
    static let test: URL? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared")
        let shared = ProcessInfo.processInfo.environment["FLAWD_SHARED"].map { URL(fileURLWithPath: $0) } ?? root
        let folder = shared.appendingPathComponent("data/mtd/test")
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()
}

@Suite(.enabled(if: SharedData.test != nil, "no photographs: set FLAWD_SHARED to the folder that holds data/mtd/test"))
struct RealPictureTests {
    @Test func photographs_Decode_AndTheirCutsDoNot() throws {
        let folder = try #require(SharedData.test)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".jpg") }
        #expect(files.count == 268)
        let decoder = JPEGDecoder(), image = RGBImage()
        for file in files.sorted() {
            let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(file)))
            try decoder.decode(bytes, into: image)
            #expect(try image.size == decoder.size(of: bytes))
            let cut = Array(bytes.prefix(bytes.count * 9 / 10))
            #expect(imagingError { () throws(ImagingError) in try decoder.decode(cut, into: image) } != nil)
        }
    }
}
