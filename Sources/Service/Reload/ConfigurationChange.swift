/// What a new configuration changes of the one in force.
struct ConfigurationChange {
    /// Sections that a running flawd cannot take over.
    private(set) var waiting: [String] = []
    let subscribes: Bool
    let adapts: Bool

    init(from old: Configuration, to new: Configuration) {
        subscribes = old.subscribe != new.subscribe
        adapts = old.adapters != new.adapters
        func compare(_ name: String, _ isSame: Bool) { if !isSame { waiting.append(name) } }
        compare("model", old.model == new.model)
        compare("publish", old.publish == new.publish)
        compare("security", old.security == new.security)
        compare("journal", old.journal == new.journal)
        compare("recording", old.recording == new.recording)
        compare("mqtt", old.mqtt == new.mqtt)
        compare("http", old.http == new.http)
        compare("control", old.control == new.control)
        compare("pipeline", old.pipeline == new.pipeline && old.threads == new.threads)
        compare("limits", old.limits == new.limits)
    }
}
