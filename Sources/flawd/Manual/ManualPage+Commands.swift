extension ManualPage {
    /// flawd(1): every command and option as the program itself knows them, and what a service needs to know.
    static func commands() throws -> ManualPage {
        let help = try CommandHelp.of(Flawd.self)
        var blocks: [Block] = [
            .heading("Synopsis"), .paragraph("`flawd` COMMAND [OPTIONS]"),
            .heading("Description"), .paragraph(help.abstract ?? ""),
            .paragraph("`flawd run` is the daemon; the other commands prepare it, watch it, and use the same model by hand. "
                + "flawd-guide(7) begins with the first camera. Every command explains itself with `--help`; `--version` says which flawd it is."),
            .heading("Commands"),
        ]
        for command in help.subcommands ?? [] where command.shouldDisplay { blocks += commandBlocks(command, under: "flawd") }
        return ManualPage(
            name: "flawd", section: 1, purpose: "line inspection with a promptable segmentation model", blocks: blocks + operation,
            seeAlso: ["flawd-guide(7)", "flawd.yaml(5)", "flawd-regions(5)", "flawd-events(7)"])
    }

    private static func commandBlocks(_ command: CommandHelp, under parent: String) -> [Block] {
        let name = "\(parent) \(command.commandName)"
        // Every command has these.
        let arguments = (command.arguments ?? []).filter { $0.shouldDisplay && $0.names?.contains { ["help", "version"].contains($0.name) } != true }
        let subcommands = (command.subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
        let options = arguments.contains { !$0.isPositional } ? " [OPTIONS]" : ""
        let operands = arguments.filter(\.isPositional).map { $0.isOptional ? " [\($0.term)]" : " \($0.term)" }.joined()
        var blocks: [Block] = [.subheading(subcommands.isEmpty ? "\(name)\(options)\(operands)" : name)]
        for text in [command.abstract, command.discussion] {
            blocks += (text ?? "").split(separator: "\n\n").map { .paragraph(String($0)) }
        }
        blocks += arguments.map { argument in
            var said = [argument.abstract, argument.discussion].compactMap(\.self).joined(separator: " ")
            if let value = argument.defaultValue, !value.isEmpty { said += " Default: \(value)." }
            return .entry(argument.term, said)
        }
        return blocks + subcommands.flatMap { commandBlocks($0, under: name) }
    }

    /// What is true of the daemon as a whole.
    private static let operation: [Block] = [
        .heading("Exit status"),
        .entry("0", "Done."),
        .entry("1", "Failed, although it was asked for rightly; the message says what."),
        .entry("2", "Usage, or invalid input: the message names the file and the line, or the option, and what would be right."),
        .entry("3", "The inspected material failed: `segment`, `replay --gate`, `verify`, `journal verify`."),
        .heading("Signals"),
        .paragraph("of `flawd run`:"),
        .entry("SIGTERM, SIGINT", "No more frames are taken, those that are queued are inspected for `pipeline.shutdown_ms` at most, and what is "
            + "then left becomes uninspected (shutdown). A second one stops at once."),
        .entry("SIGHUP", "Files are read again, as `systemctl reload flawd` does it. A bad file leaves the old one in force, and says why in the log "
            + "and in a status event."),
        .heading("Environment"),
        .entry("FLAWD__SECTION__KEY", "A value that counts before the configuration file's: `FLAWD__LOG__LEVEL=debug` is `log: {level: debug}`. Services "
            + "read theirs from `/etc/default/flawd` and `/etc/default/flawd@LINE`."),
        .entry("FLAWD_MODEL_DIR", "Folder of `nano.safetensors`, for a program that lies apart from its model."),
        .entry("NO_COLOR", "When it is set, nothing is coloured."),
        .heading("Files"),
        .entry("/etc/flawd/flawd.yaml", "What the service is told: flawd.yaml(5)."),
        .entry("/etc/flawd/regions.yaml", "What is inspected, and within which limits: flawd-regions(5)."),
        .entry("/etc/flawd/LINE/flawd.yaml", "The same for `flawd@LINE.service`, one service a line."),
        .entry("/etc/credstore/flawd.curve, /etc/credstore/flawd@LINE.curve", "A service's own secret key for CURVE. It belongs to root, and nobody else may "
            + "read it; systemd hands it to the service as the credential `curve`."),
        .entry("/etc/credstore/flawd.mqtt-password, /etc/credstore/flawd@LINE.mqtt-password", "The same for the password of an MQTT broker, which the service "
            + "finds as `/run/credentials/UNIT/mqtt-password`."),
        .entry("/var/lib/flawd, /var/lib/flawd@LINE", "Where a service may write: its journal and recordings."),
        .entry("/usr/share/flawd/nano.safetensors", "The model that is part of flawd."),
        .entry("/usr/share/doc/flawd/examples", "Configuration, regions, a subscriber and cameras to begin with."),
    ]
}
