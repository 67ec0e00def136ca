import Foundation
import Imaging
import Inspection
import Logging
import SelfPerception
import Streaming

extension Configuration {
    /// Reads and validates a configuration file. A relative path of the region file or model is relative to this file.
    ///
    /// - Parameter environment: its `FLAWD__` variables count before the file.
    /// - Throws: `FileError` with everything that is wrong.
    public init(path: String, environment: [String: String] = ProcessInfo.processInfo.environment) throws(FileError) {
        let overrides = YAMLOverrides(environment: environment)
        try self.init(source: YAMLSource(path: path, kind: .configuration), overrides: overrides)
        overridden = overrides.explanation
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        func resolve(_ file: String) -> String {
            file.hasPrefix("/") ? file : folder.appendingPathComponent(file).standardizedFileURL.path
        }
        if !regions.isEmpty { regions = resolve(regions) }
        if model != SPTModel.embeddedName { model = resolve(model) }
        file = path
        if let folder = recording?.folder { recording?.folder = resolve(folder) }
        if case .file(let path)? = security?.key { security?.key = .file(resolve(path)) }
        if let path = security?.allowedKeys { security?.allowedKeys = resolve(path) }
        if let path = journal?.path { journal?.path = resolve(path) }
        mqtt?.resolveFiles(resolve)
        if let tokens = http?.tokens { http?.tokens = resolve(tokens) }
        if let exports = http?.exports { http?.exports = resolve(exports) }
        for index in adapters.indices { adapters[index].path = resolve(adapters[index].path) }
        golden?.resolve(resolve)
    }

    /// Decodes and validates the text of a configuration; paths stay as they are.
    ///
    /// - Parameter name: what findings call the file.
    /// - Throws: `FileError` with everything that is wrong.
    public init(yaml: String, name: String) throws(FileError) {
        try self.init(source: YAMLSource(bytes: Array(yaml.utf8), name: name, kind: .configuration), overrides: YAMLOverrides(environment: [:]))
    }

    private init(source: YAMLSource, overrides: YAMLOverrides) throws(FileError) {
        var decoder = ConfigurationDecoder(reader: NodeReader(source))
        decoder.decode(try overrides.applied(to: source.compose()))
        guard decoder.reader.findings.isEmpty else { throw FileError(decoder.reader.findings.map(overrides.named)) }
        self = decoder.configuration
    }
}

extension YAMLKind {
    static let configuration = YAMLKind(
        name: "a configuration", contents: "expected the keys \(ConfigurationDecoder.keys.joined(separator: ", "))",
        pointsAtValues: true,
        repeatedKey: { "key given twice: \($0.shownInMessage)" },
        unknownKey: { key, nearest, known in
            "unknown key \"\(key.shownInMessage)\"; "
                + (nearest.map { "did you mean \"\($0)\"?" } ?? "known here: \(known.joined(separator: ", "))")
        })
}

/// YAML nodes → configuration. Notes every mistake and goes on; `configuration` is whole only where the reader found nothing.
struct ConfigurationDecoder {
    static let keys = ["version", "model", "adapters", "regions", "subscribe", "publish", "security", "journal", "recording", "mqtt", "control", "golden", "http", "pipeline", "limits", "log"]

    var configuration = Configuration()
    var reader: NodeReader

    init(reader: NodeReader) { self.reader = reader }

    mutating func decode(_ root: NodeReader.Field) {
        guard let top = section(root, Self.keys) else { return }
        if let field = required("version", of: top, "this is version 1"),
           let version = integer(field, in: 0...1_000_000), version != 1 {
            reader.note(field, "must be 1, not \(version): this flawd reads version 1")
        }
        configuration.model = text(top["model"]) ?? configuration.model
        adapters(top["adapters"])
        configuration.regions = text(required("regions", of: top, "name the region file")) ?? configuration.regions
        // Before the sections whose addresses it is asked about.
        security(top["security"])
        subscribe(required("subscribe", of: top, "say where frames come from"))
        publish(required("publish", of: top, "say where verdicts go"))
        journal(top["journal"])
        if !configuration.publish.catchUp.isEmpty, configuration.journal == nil, top["journal"] == nil {
            reader.note(top.field.missing("journal"), "is missing; publish.catch_up answers from a journal")
        }
        recording(top["recording"])
        control(top["control"])
        golden(top["golden"])
        http(top["http"])
        mqtt(top["mqtt"])
        if let field = top["mqtt"], configuration.journal == nil, top["journal"] == nil {
            reader.note(field, "needs journal:, which keeps verdicts while the broker is away")
        }
        pipeline(top["pipeline"])
        limits(top["limits"])
        if let log = section(top["log"], ["level"]) {
            configuration.logLevel = choice(log["level"], Logger.Level.self) ?? configuration.logLevel
        }
    }

    private mutating func adapters(_ field: NodeReader.Field?) {
        guard let field, let entries = reader.entries(field) else { return }
        for (name, place, value) in entries {
            guard let cameras = CameraPattern(name) else {
                reader.note(place, "\"\(name.shownInMessage)\": a * may stand only at the end of a camera's name")
                continue
            }
            if let path = text(value) { configuration.adapters.append(.init(cameras: cameras, path: path)) }
        }
    }

    private mutating func subscribe(_ field: NodeReader.Field?) {
        guard let section = section(field, ["connect", "bind", "topics", "insecure"]) else { return }
        (configuration.subscribe.endpoints, configuration.subscribe.security) = endpoints(section)
        for (topic, field) in texts(section["topics"]) {
            if topic.utf8.count > 255 {
                reader.note(field, "a topic has at most 255 bytes")
            } else {
                configuration.subscribe.topics.append(topic)
            }
        }
    }

    private mutating func publish(_ field: NodeReader.Field?) {
        guard let section = section(field, ["connect", "bind", "catch_up", "masks", "overlays", "insecure"]) else { return }
        (configuration.publish.endpoints, configuration.publish.security) = endpoints(section)
        for (address, field) in texts(section["catch_up"]) {
            let endpoint = Endpoint(.bind, address)
            if let problem = endpoint.problem {
                reader.note(field, problem)
            } else if (configuration.subscribe.endpoints + configuration.publish.endpoints + configuration.publish.catchUp).contains(endpoint) {
                reader.note(field, "\(address.shownInMessage) is bound twice; only one socket can have it")
            } else {
                configuration.publish.catchUp.append(endpoint)
                allow(endpoint, configuration.publish.security, field)
            }
        }
        configuration.pipeline.publishesMasks = boolean(section["masks"]) ?? false
        configuration.pipeline.publishesOverlays = boolean(section["overlays"]) ?? false
    }

    private mutating func journal(_ field: NodeReader.Field?) {
        guard let section = section(field, ["path", "durability", "keep_days", "keep_mb", "ballast_mb"]) else { return }
        var journal = Configuration.JournalFile(path: text(required("path", of: section, "name the journal's file")) ?? "")
        journal.settings.durability = choice(section["durability"], JournalSettings.Durability.self) ?? journal.settings.durability
        if let days = integer(section["keep_days"], in: 0...36_500) { journal.settings.keepSeconds = days == 0 ? nil : Double(days) * 86_400 }
        if let size = integer(section["keep_mb"], in: 0...1 << 24) { journal.settings.keepBytes = size == 0 ? nil : Int64(size) << 20 }
        if let size = integer(section["ballast_mb"], in: 0...1 << 14) { journal.settings.ballastBytes = Int64(size) << 20 }
        configuration.journal = journal
    }

    private mutating func control(_ field: NodeReader.Field?) {
        for (address, field) in texts(field) {
            let endpoint = Endpoint(.bind, address)
            if let problem = endpoint.problem {
                reader.note(field, problem)
            } else if !address.hasPrefix("ipc://") {
                reader.note(field, "commands are taken where file permissions say who may give them: an ipc:// address, not \(address.shownInMessage)")
            } else {
                configuration.control.append(endpoint)
            }
        }
    }

    private mutating func golden(_ field: NodeReader.Field?) {
        guard let section = section(field, ["cameras", "every_minutes", "on_failure"]) else { return }
        var golden = GoldenSettings()
        if let minutes = integer(section["every_minutes"], in: 0...100_000) { golden.everySeconds = minutes == 0 ? nil : Double(minutes) * 60 }
        golden.onFailure = choice(section["on_failure"], GoldenSettings.Failure.self) ?? golden.onFailure
        if let field = required("cameras", of: section, "name the samples of each camera"), let entries = reader.entries(field) {
            for (name, _, value) in entries {
                guard let samples = self.section(value, ["good", "defective"]) else { continue }
                var camera = GoldenSettings.Camera(camera: name)
                camera.good = texts(samples["good"]).map(\.text)
                camera.defective = texts(samples["defective"]).map(\.text)
                golden.cameras.append(camera)
            }
        }
        configuration.golden = golden
    }

    private enum RecordedFrames: String, CaseIterable { case all, failures, sampled }

    private mutating func recording(_ field: NodeReader.Field?) {
        let keys = ["folder", "frames", "before", "after", "every", "compression", "file_mb", "file_minutes", "keep_days", "keep_mb", "reserve_mb"]
        guard let section = section(field, keys) else { return }
        var recording = RecordingSettings(folder: text(required("folder", of: section, "name the folder for the files")) ?? "")
        let frames = choice(section["frames"], RecordedFrames.self) ?? .all
        let before = integer(section["before"], in: 0...1000), after = integer(section["after"], in: 0...1000), every = integer(section["every"], in: 1...1_000_000)
        switch frames {
        case .all: break
        case .failures: recording.selection = .failures(before: before ?? 2, after: after ?? 2)
        case .sampled: recording.selection = .sampled(every: every ?? 100)
        }
        for (key, kind) in [("before", RecordedFrames.failures), ("after", .failures), ("every", .sampled)] where kind != frames {
            if let field = section[key] { reader.note(field, "belongs to frames: \(kind.rawValue), not to \(frames.rawValue)") }
        }
        recording.files.compression = choice(section["compression"], ChunkCompression.self) ?? recording.files.compression
        if let size = integer(section["file_mb"], in: 1...1 << 20) { recording.files.fileBytes = UInt64(size) << 20 }
        if let minutes = integer(section["file_minutes"], in: 1...1440) { recording.files.fileSeconds = Double(minutes) * 60 }
        if let days = integer(section["keep_days"], in: 0...36_500) { recording.files.keepSeconds = days == 0 ? nil : Double(days) * 86_400 }
        if let size = integer(section["keep_mb"], in: 0...1 << 30) { recording.files.keepBytes = size == 0 ? nil : UInt64(size) << 20 }
        if let keep = recording.files.keepBytes, keep < 2 * recording.files.fileBytes {
            reader.note(section["keep_mb"] ?? section.field, "keep_mb must be twice file_mb (\(recording.files.fileBytes >> 20)) at least, or 0 for all")
        }
        if let size = integer(section["reserve_mb"], in: 0...1 << 30) { recording.files.reserveBytes = UInt64(size) << 20 }
        configuration.recording = recording
    }

    private mutating func http(_ field: NodeReader.Field?) {
        guard let section = section(field, ["bind", "insecure", "page", "tokens", "hosts", "exports"]) else { return }
        let isInsecure = boolean(section["insecure"]) ?? false
        guard let field = required("bind", of: section, "give an address such as 127.0.0.1:9640"), let text = text(field) else { return }
        do {
            var http = try HTTPSettings(bind: text, insecure: isInsecure)
            http.servesPage = boolean(section["page"]) ?? http.servesPage
            http.tokens = self.text(section["tokens"])
            http.exports = self.text(section["exports"])
            http.hosts = texts(section["hosts"]).map(\.0)
            configuration.http = http
        } catch {
            reader.note(field, error.description)
        }
    }

    private mutating func pipeline(_ field: NodeReader.Field?) {
        let keys = ["workers", "decoders", "threads", "queue_per_camera", "policy", "deadline_ms", "shutdown_ms", "stall_s"]
        guard let section = section(field, keys) else { return }
        var pipeline = configuration.pipeline
        if let workers = integer(section["workers"], in: 1...64) {
            pipeline.workers = workers
            configuration.threads = max(1, ProcessInfo.processInfo.activeProcessorCount / workers)
        }
        pipeline.decoders = integer(section["decoders"], in: 1...64) ?? pipeline.decoders
        configuration.threads = integer(section["threads"], in: 1...256) ?? configuration.threads
        pipeline.queuePerCamera = integer(section["queue_per_camera"], in: 1...256) ?? pipeline.queuePerCamera
        pipeline.policy = choice(section["policy"], OverflowPolicy.self) ?? pipeline.policy
        pipeline.deadlineMs = integer(section["deadline_ms"], in: 1...3_600_000)
        pipeline.shutdownMs = integer(section["shutdown_ms"], in: 0...60_000) ?? pipeline.shutdownMs
        pipeline.stallSeconds = integer(section["stall_s"], in: 10...3600) ?? pipeline.stallSeconds
        configuration.pipeline = pipeline
    }

    private mutating func limits(_ field: NodeReader.Field?) {
        let keys = ["max_width", "max_height", "max_pixels", "max_message_mb", "max_cameras", "max_frames_per_s", "max_catch_up_per_s"]
        guard let section = section(field, keys) else { return }
        var limits = configuration.limits
        limits.image.maxWidth = integer(section["max_width"], in: 1...65_500) ?? limits.image.maxWidth
        limits.image.maxHeight = integer(section["max_height"], in: 1...65_500) ?? limits.image.maxHeight
        limits.image.maxPixels = integer(section["max_pixels"], in: 1...1_000_000_000) ?? limits.image.maxPixels
        limits.maxMessageMB = integer(section["max_message_mb"], in: 1...2047) ?? limits.maxMessageMB
        limits.maxFramesPerSecond = integer(section["max_frames_per_s"], in: 1...1_000_000) ?? limits.maxFramesPerSecond
        limits.maxCatchUpPerSecond = integer(section["max_catch_up_per_s"], in: 1...10_000) ?? limits.maxCatchUpPerSecond
        configuration.limits = limits
        configuration.pipeline.maxCameras = integer(section["max_cameras"], in: 1...4096) ?? configuration.pipeline.maxCameras
    }

    private mutating func security(_ field: NodeReader.Field?) {
        guard let section = section(field, ["secret_key", "credential", "allowed_keys"]) else { return }
        let allowed = text(section["allowed_keys"])
        switch (text(section["secret_key"]), text(section["credential"])) {
        case (let file?, nil): configuration.security = .init(key: .file(file), allowedKeys: allowed)
        case (nil, let name?) where name.contains("/"): reader.note(section["credential"] ?? section.field, "is a name from the unit's LoadCredential=, without a /")
        case (nil, let name?): configuration.security = .init(key: .credential(name), allowedKeys: allowed)
        case (_?, _?): reader.note(section.field, "has both secret_key and credential; one of them names flawd's key")
        case (nil, nil):
            if section["secret_key"] == nil, section["credential"] == nil { _ = required("secret_key", of: section, "name flawd's key file (flawd keygen makes one), or credential: a systemd credential") }
        }
    }

    /// Notes what keeps an endpoint from being used.
    private mutating func allow(_ endpoint: Endpoint, _ section: SectionSecurity, _ field: NodeReader.Field) {
        let security = configuration.security
        guard let problem = section.problem(of: endpoint, hasKey: security != nil, hasList: security?.allowedKeys != nil) else { return }
        reader.note(field, problem.inConfiguration(endpoint.address))
    }

    /// Addresses, of which those that are connected to may stand with their server's key: `{address: …, server_key: …}`.
    private mutating func addresses(_ field: NodeReader.Field?, _ role: Endpoint.Role, _ keys: inout [String: CurveKey]) -> [(text: String, field: NodeReader.Field)] {
        guard let field, role == .connect else { return texts(field) }
        return reader.items(ofOneOrMore: field).flatMap { item -> [(text: String, field: NodeReader.Field)] in
            guard item.isMapping else { return texts(item) }
            guard let section = section(item, ["address", "server_key"]),
                  let address = texts(required("address", of: section, "name what is connected to, such as tcp://10.0.0.5:5555")).first
            else { return [] }
            if let field = section["server_key"], let text = text(field) {
                do throws(CurveError) { keys[address.text] = try CurveKey(text) } catch { reader.note(field, error.problem) }
            }
            return [address]
        }
    }

    private mutating func endpoints(_ section: Section) -> ([Endpoint], SectionSecurity) {
        var endpoints: [Endpoint] = [], security = SectionSecurity()
        security.isInsecure = boolean(section["insecure"]) ?? false
        for role in [Endpoint.Role.connect, .bind] {
            for (address, field) in addresses(section[role.rawValue], role, &security.serverKeys) {
                let endpoint = Endpoint(role, address)
                if let problem = endpoint.problem {
                    reader.note(field, problem)
                } else if role == .bind, (configuration.subscribe.endpoints + endpoints).contains(endpoint) {
                    reader.note(field, "\(address.shownInMessage) is bound twice; only one socket can have it")
                } else {
                    endpoints.append(endpoint)
                    allow(endpoint, security, field)
                }
            }
        }
        if section["connect"] == nil, section["bind"] == nil {
            _ = required("connect", of: section, "give connect or bind an address such as tcp://127.0.0.1:5555")
        }
        return (endpoints, security)
    }
}

/// How a configuration's values are read: each reader answers nil when the key is absent, and nil with a finding when its
/// value is not what it must be.
extension ConfigurationDecoder {
    /// A mapping whose keys are known to be allowed.
    struct Section {
        let field: NodeReader.Field
        let values: [String: NodeReader.Field]

        subscript(key: String) -> NodeReader.Field? { values[key] }
    }

    mutating func section(_ field: NodeReader.Field?, _ keys: [String]) -> Section? {
        guard let field else { return nil }
        return reader.record(field, keys: keys).map { Section(field: field, values: $0) }
    }

    mutating func required(_ key: String, of section: Section, _ advice: String) -> NodeReader.Field? {
        if section[key] == nil { reader.note(section.field.missing(key), "is missing; \(advice)") }
        return section[key]
    }

    mutating func integer(_ field: NodeReader.Field?, in range: ClosedRange<Int>) -> Int? {
        guard let field else { return nil }
        return reader.value(field, mustBe: "a whole number from \(range.lowerBound) to \(range.upperBound)") { $0.integer($1, in: range) }
    }

    mutating func boolean(_ field: NodeReader.Field?) -> Bool? {
        guard let field else { return nil }
        return reader.value(field, mustBe: "true or false") { $0.flag($1) }
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(_ field: NodeReader.Field?, _ type: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        guard let field else { return nil }
        let names = type.allCases.map(\.rawValue)
        return reader.value(field, mustBe: "one of \(names.joined(separator: ", "))", near: names) { $0.word($1, as: type) }
    }

    mutating func text(_ field: NodeReader.Field?) -> String? {
        guard let field else { return nil }
        return reader.value(field, mustBe: "text") { reader, field in
            reader.text(field).flatMap { $0.isEmpty || $0.contains("\0") ? nil : $0 }
        }
    }

    /// One text or a list of texts.
    mutating func texts(_ field: NodeReader.Field?) -> [(text: String, field: NodeReader.Field)] {
        guard let field else { return [] }
        return reader.items(ofOneOrMore: field).compactMap { field in
            reader.value(field, mustBe: "text or a list of texts") { reader, field in
                reader.text(field).flatMap { $0.contains("\0") ? nil : ($0, field) }
            }
        }
    }
}
