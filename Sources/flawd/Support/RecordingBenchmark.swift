import Foundation
import Imaging
import SelfPerception
import Streaming

/// `flawd bench recording`: what the recorder's thread takes to put frames of a camera into MCAP files, at a steady rate.
enum RecordingBenchmark {
    struct Report: BenchmarkReport {
        var machine: String
        var folder: String
        var frames: Int
        var frameBytes: Int
        var megabytesPerSecond: Double
        /// Processor time over time, of one core.
        var coreShare: Double
        /// The longest that a frame made the recorder wait.
        var mostMs: Double

        var lines: [String] {
            [
                "recording into \(folder): \(frames) frames of \(frameBytes / 1000) kB at \(fixed(megabytesPerSecond, 1)) MB/s",
                "\(fixed(coreShare * 100, 1))% of a core; one frame took \(fixed(mostMs, 1)) ms at most",
            ]
        }
    }

    /// Of a picture of some two megapixels.
    private static let frameBytes = 230_000

    static func run(_ command: BenchCommand) throws -> Report {
        let count = command.rounds ?? 4000, rate = (command.rate ?? 100) * 1e6 / Double(frameBytes)
        let folder = try BenchmarkFolder(in: command.folder)
        var settings = FrameRecorder.Settings()
        settings.reserveBytes = 0
        settings.keepBytes = 4 << 30
        let recorder = try FrameRecorder(folder: folder.path, program: "flawd bench", settings: settings)
        // JPEG data look like this to whoever copies and sums them up.
        var random = SystemRandomNumberGenerator()
        let payload = Payload(copying: (0..<frameBytes).map { _ in UInt8.random(in: 0...255, using: &random) })
        let begun = ContinuousClock.now, before = processorTime
        var most = Duration.zero
        for number in 0..<count {
            let due = begun + .seconds(Double(number) / rate)
            if due > .now { usleep(UInt32(max(1, min(1_000_000, (due - .now) / .microseconds(1))))) }
            let header = FrameHeader(
                format: .cameraStream, camera: "line1/top", codec: .jpeg, sequence: UInt64(number), size: PixelSize(width: 1920, height: 1080))
            let started = ContinuousClock.now
            try recorder.record(IncomingFrame(header: header, payload: payload), receivedUTCNs: Int64(Date().timeIntervalSince1970 * 1e9))
            most = max(most, .now - started)
        }
        let used = processorTime - before, seconds = (ContinuousClock.now - begun) / .seconds(1)
        try recorder.finish()
        return Report(
            machine: Machine.description, folder: command.folder ?? ".", frames: count, frameBytes: frameBytes,
            megabytesPerSecond: Double(count * frameBytes) / 1e6 / seconds, coreShare: used / seconds,
            mostMs: most / .milliseconds(1))
    }

    /// Of this thread, s.
    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
