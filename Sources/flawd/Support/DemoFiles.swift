import Foundation
import Imaging

/// The configuration and region file of the demo: ordinary ones, left in its folder to look at.
enum DemoFiles {
    static func write(to folder: URL, camera: String, size: PixelSize, frames: String, verdicts: String, page: String?) throws {
        let regions = """
            version: 1
            cameras:
              \(camera):
                reference_size: [\(size.width), \(size.height)]
                regions:
                  - name: surface
                    shape: {frame: true}
                    prompt: box
                    view: frame
                    limits: {fail_score: 0.6, review_score: 0.4}

            """
        let configuration = """
            version: 1
            model: nano
            regions: regions.yaml
            subscribe:
              connect: \(frames)
            publish:
              bind: \(verdicts)
              overlays: true
            pipeline:
              queue_per_camera: 32

            """
        // What the page shows of the past: verdicts, and their frames.
        let keeping = page.map { """
            journal: {path: journal.sqlite}
            recording: {folder: recordings, frames: all, file_minutes: 1, keep_mb: 2048}
            http: {bind: "\($0)"}

            """ } ?? ""
        try Data(regions.utf8).write(to: folder.appendingPathComponent("regions.yaml"))
        try Data((configuration + keeping).utf8).write(to: folder.appendingPathComponent("flawd.yaml"))
    }
}
