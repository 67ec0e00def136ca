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
        if let recording { lines.append("recording: \(recording.selection), into \(recording.folder)") }
        if let mqtt { lines.append("mqtt: \(mqtt.broker), topics \(mqtt.topics.prefix)/\(mqtt.topics.line)/…") }
        if let http { lines.append("http: \(http.address)") }
        if let golden {
            let times = golden.everySeconds.map { "every \(Int($0 / 60)) minutes" } ?? "at the start"
            lines.append("golden samples of \(golden.cameras.map(\.camera).joined(separator: ", ")), \(times), \(golden.onFailure.rawValue)")
        }
        lines.append(
            "\(pipeline.workers) worker(s) of \(threads) thread(s), \(pipeline.queuePerCamera) frames a camera, \(pipeline.policy.rawValue), deadline \(pipeline.deadlineMs.map { "\($0) ms" } ?? "none")")
        lines.append(
            "at most \(pipeline.maxCameras) cameras, \(limits.image.maxPixels / 1_000_000) megapixels and \(limits.maxMessageMB) MiB a frame")
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
