import Foundation
import Imaging
import Inspection

/// The golden samples that settings name, found on the disk.
struct GoldenSamples: Sendable, Equatable {
    struct Sample: Sendable, Equatable {
        var camera: String
        var file: String
        var isGood: Bool
    }

    let samples: [Sample]
    let settings: GoldenSettings

    /// Of one camera; each is inspected while cameras wait.
    static let most = 256
    private static let endings = ["jpg", "jpeg", "png", "bmp"]

    /// - Throws: `FileError` naming a file or folder that is not there, a folder without pictures, or a camera that the region file does not have.
    init(_ settings: GoldenSettings, regions: RegionFile) throws(FileError) {
        self.settings = settings
        var samples: [Sample] = []
        for camera in settings.cameras {
            guard regions.knows(camera: camera.camera) else {
                throw FileError([.init(
                    file: camera.good.first ?? camera.defective.first ?? "", key: "golden.cameras.\(camera.camera)",
                    problem: "the region file has no entry for this camera, so its samples cannot be judged")])
            }
            for (paths, isGood) in [(camera.good, true), (camera.defective, false)] {
                for path in paths {
                    for file in try Self.files(path) { samples.append(Sample(camera: camera.camera, file: file, isGood: isGood)) }
                }
            }
            let count = samples.count { $0.camera == camera.camera }
            guard count <= Self.most else {
                throw FileError([.init(file: camera.good.first ?? "", key: "golden.cameras.\(camera.camera)", problem: "\(count) samples; at most \(Self.most) of a camera are inspected")])
            }
        }
        self.samples = samples
    }

    private static func files(_ path: String) throws(FileError) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw FileError([.init(file: path, problem: "golden sample: no such file or folder")])
        }
        guard isFolder.boolValue else { return [path] }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
            .filter { endings.contains(URL(fileURLWithPath: $0).pathExtension.lowercased()) }
        guard !names.isEmpty else { throw FileError([.init(file: path, problem: "golden samples: no \(endings.joined(separator: ", ")) files in this folder")]) }
        return names.sorted(by: naturallyPrecedes).map { "\(path)/\($0)" }
    }
}

extension GoldenSettings {
    /// What keeps the samples from being found.
    public func findings(regions: RegionFile) -> [FileError.Finding] {
        do throws(FileError) { _ = try GoldenSamples(self, regions: regions) } catch { return error.findings }
        return []
    }
}
