import Foundation
import Streaming

/// The recordings that a gate is given, as far as they tell without being read.
public struct GateRecordings: Sendable {
    /// In the order in which they are read.
    public let paths: [String]
    /// Cameras whose names begin so are wanted.
    public let prefix: String
    /// The first message's log time; ns since 1970.
    public let start: UInt64
    /// Cameras that have verdicts in any of the files; nil where that is known only when they have been read.
    let verdictCameras: Set<String>?

    /// Of several, one that is no recording (a full disk leaves such) is left to the reader, which counts it as a loss.
    ///
    /// - Throws: `GateError` for a file that is not there, where none can be opened, and for recordings that have nothing to compare.
    public init(paths: [String], prefix: String) throws(GateError) {
        self.paths = paths
        self.prefix = prefix
        var start = UInt64.max, cameras: Set<String> = [], verdictCameras: Set<String> = [], isTold = true, opened = 0
        var unopened: GateError?
        for path in paths {
            let reader: MCAPReader
            do { reader = try MCAPReader(path: path) } catch {
                guard FileManager.default.fileExists(atPath: path) else { throw GateError(error.description) }
                unopened = unopened ?? GateError(error.description)
                continue
            }
            opened += 1
            start = min(start, reader.index.times?.lowerBound ?? .max)
            cameras.formUnion(reader.cameras)
            verdictCameras.formUnion(reader.verdictCameras)
            // Only the chunks themselves tell the channels of a file without its end, or without a list of them.
            if reader.index.isRecovered || reader.index.channels.isEmpty { isTold = false }
        }
        if let unopened, opened == 0 { throw unopened }
        self.start = start == .max ? 0 : start
        self.verdictCameras = isTold ? verdictCameras : nil
        guard isTold else { return }
        let wanted = cameras.filter { $0.hasPrefix(prefix) }
        guard !cameras.isEmpty else {
            throw GateError("\(Self.list(paths)): no pictures that flawd reads (foxglove.CompressedImage with JPEG or foxglove.RawImage with bgr8, as protobuf)")
        }
        guard !wanted.isEmpty else {
            throw GateError("\(Self.list(paths)): no camera whose name begins with \(prefix.debugDescription); there are \(Self.list(cameras.sorted()))")
        }
        guard !wanted.isDisjoint(with: verdictCameras) else { throw unopened ?? Self.noVerdicts(paths, of: wanted.sorted()) }
    }

    static func noVerdicts(_ paths: [String], of cameras: [String]) -> GateError {
        GateError(
            "\(list(paths)): no recorded verdicts\(cameras.isEmpty ? "" : " of \(list(cameras))"), so there is nothing to compare with; record them beside the frames: flawd record --verdicts tcp://127.0.0.1:5556 (the address that flawd run publishes on)")
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }
}
