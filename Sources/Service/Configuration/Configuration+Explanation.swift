import Streaming

extension Configuration {
    /// What is in force, a line for each part; said at the start, and by `flawd check`.
    public var explanation: [String] {
        var lines: [String] = []
        func list(_ name: String, _ values: [some CustomStringConvertible]) { lines += values.map { "\(name): \($0)" } }
        list("frames", subscribe.endpoints)
        if !subscribe.topics.isEmpty { lines.append("topics: \(subscribe.topics.joined(separator: ", "))") }
        list("verdicts", publish.endpoints)
        list("catch-up", publish.catchUp)
        list("commands", control)
        if let journal { lines.append("journal: \(journal.path), \(journal.settings.explanation)") }
        if let recording { lines.append("recording: \(recording.selection), into \(recording.folder), \(recording.files.explanation)") }
        if let mqtt { lines.append("mqtt: \(mqtt.broker), topics \(mqtt.topics.prefix)/\(mqtt.topics.line)/…") }
        if let http {
            let changes = http.tokens.map { "changes with a token of \($0)" } ?? "changes from this machine alone"
            lines.append("http: \(http.address), \(http.servesPage ? "with the page" : "without the page"), \(changes)")
        }
        if let golden {
            let times = golden.everySeconds.map { "every \(Int($0 / 60)) minutes" } ?? "at the start"
            lines.append("golden samples of \(golden.cameras.map(\.camera).joined(separator: ", ")), \(times), \(golden.onFailure.rawValue)")
        }
        lines.append(
            "\(pipeline.workers) worker(s) of \(threads) thread(s), \(pipeline.queuePerCamera) frames a camera, \(pipeline.policy.rawValue), deadline \(pipeline.deadlineMs.map { "\($0) ms" } ?? "none"), stuck after \(pipeline.stallNs / 1_000_000_000) s, \(pipeline.shutdownMs) ms to stop")
        lines.append(
            "at most \(pipeline.maxCameras) cameras, \(limits.image.maxPixels / 1_000_000) megapixels and \(limits.maxMessageMB) MiB a frame, \(limits.maxFramesPerSecond) frames and \(limits.maxCatchUpPerSecond) catch-up requests a second")
        if pipeline.publishesMasks || pipeline.publishesOverlays {
            lines.append("pictures: \([pipeline.publishesMasks ? "masks" : nil, pipeline.publishesOverlays ? "overlays" : nil].compactMap(\.self).joined(separator: " and "))")
        }
        list("log level", [logLevel.rawValue])
        list("from the environment", overridden)
        return lines
    }
}

extension JournalSettings {
    fileprivate var explanation: String {
        let days = keepSeconds.map { "\(Int($0 / 86_400)) days" } ?? "no limit of age", size = keepBytes.map { "\($0 >> 20) MiB" } ?? "no limit of size"
        return "\(durability.rawValue), \(days), \(size)"
    }
}

extension FrameRecorder.Settings {
    fileprivate var explanation: String {
        let days = keepSeconds.map { "\(Int($0 / 86_400)) days" } ?? "no limit of age", size = keepBytes.map { "\($0 >> 20) MiB" } ?? "no limit of size"
        return "\(days), \(size), while \(reserveBytes >> 20) MiB are free"
    }
}
