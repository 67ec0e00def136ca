import Inspection
import Streaming

extension ConfigurationDecoder {
    mutating func mqtt(_ field: NodeReader.Field?) {
        let keys = [
            "broker", "line", "prefix", "username", "password_file", "ca_file", "cert_file", "key_file", "client_id", "keepalive_s", "protocol", "insecure",
        ]
        guard let section = section(field, keys) else { return }
        let broker = broker(required("broker", of: section, "name the broker, such as mqtts://broker.plant:8883"))
        let topics = topics(required("line", of: section, "name this line's level of the topics"), prefix: section["prefix"])
        let insecure = boolean(section["insecure"]) ?? false
        let username = text(section["username"], maxBytes: 1024), passwordFile = text(section["password_file"])
        let caFile = text(section["ca_file"]), certificateFile = text(section["cert_file"]), keyFile = text(section["key_file"])
        let clientID = text(section["client_id"], maxBytes: 128), keepAlive = integer(section["keepalive_s"], in: 5...3600)
        let version = choice(section["protocol"], MQTTSettings.Version.self)
        if let field = section["password_file"], section["username"] == nil { reader.note(field, "needs username") }
        for (key, other) in [("cert_file", "key_file"), ("key_file", "cert_file")] {
            if let field = section[key], section[other] == nil { reader.note(field, "needs \(other)") }
        }
        guard let broker, let topics else { return }
        if !broker.isEncrypted {
            for key in ["ca_file", "cert_file", "key_file"] {
                if let field = section[key] { reader.note(field, "is for TLS; write the broker as mqtts://…") }
            }
            if let field = section["broker"], !broker.isLoopback, !insecure {
                reader.note(field, "\(broker) is another machine, and there is no TLS: use mqtts://, or say insecure: true if that network is yours alone")
            }
        }
        var settings = MQTTSettings(broker: broker, topics: topics)
        settings.username = username
        settings.passwordFile = passwordFile
        settings.caFile = caFile
        settings.certificateFile = certificateFile
        settings.keyFile = keyFile
        settings.clientID = clientID ?? settings.clientID
        settings.keepAliveSeconds = keepAlive ?? settings.keepAliveSeconds
        settings.version = version ?? settings.version
        configuration.mqtt = settings
    }

    private mutating func broker(_ field: NodeReader.Field?) -> MQTTBroker? {
        guard let field, let address = text(field) else { return nil }
        do { return try MQTTBroker(address) } catch {
            reader.note(field, error.description)
            return nil
        }
    }

    private mutating func topics(_ field: NodeReader.Field?, prefix: NodeReader.Field?) -> MQTTTopics? {
        let prefix = (field: prefix, text: text(prefix) ?? MQTTTopics.defaultPrefix)
        guard let field, let line = text(field) else { return nil }
        do { return try MQTTTopics(prefix: prefix.text, line: line) } catch {
            // The prefix alone, with a line that is beyond doubt, tells whose mistake it is.
            let isPrefix = (try? MQTTTopics(prefix: prefix.text, line: "line")) == nil
            reader.note(isPrefix ? prefix.field ?? field : field, error.description)
            return nil
        }
    }

    private mutating func text(_ field: NodeReader.Field?, maxBytes: Int) -> String? {
        guard let field, let text = text(field) else { return nil }
        guard text.utf8.count > maxBytes else { return text }
        reader.note(field, "has at most \(maxBytes) bytes")
        return nil
    }
}

extension MQTTSettings {
    /// What is wrong with the files that the configuration names.
    public var findings: [FileError.Finding] {
        fileProblems.map { .init(file: $0.path, problem: $0.problem) }
    }
}
