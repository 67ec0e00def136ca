import Inspection
import Service

extension ManualPage {
    /// flawd.yaml(5)
    static func configuration() throws -> ManualPage {
        let reference = try SchemaReference(json: ConfigurationSchema.text)
        return ManualPage(
            name: "flawd.yaml", section: 5, purpose: "flawd's configuration",
            blocks: [
                .heading("Description"),
                .paragraph("One YAML file says where frames come from, where verdicts go and how much of the machine may be used. Paths are "
                    + "relative to the file. An unknown key is an error. `flawd check --config FILE` lists every mistake with its line, and "
                    + "`flawd check --schema configuration` prints the JSON Schema that this page is made from."),
            ] + reference.blocks(title: "Keys"),
            seeAlso: ["flawd(1)", "flawd-guide(7)", "flawd-regions(5)", "flawd-events(7)"])
    }

    /// flawd-regions(5)
    static func regions() throws -> ManualPage {
        let reference = try SchemaReference(json: JSONSchema.regions)
        return ManualPage(
            name: "flawd-regions", section: 5, purpose: "flawd's region file",
            blocks: [
                .heading("Description"), .paragraph(reference.description ?? ""),
                .paragraph("The file is read again when it changes and on SIGHUP; a bad one leaves the old one in force and says why. "
                    + "`flawd check --regions FILE` lists every mistake with its line and shows the prompts that each region becomes, and "
                    + "`flawd check --schema regions` prints the JSON Schema that this page is made from."),
            ] + reference.blocks(title: "Keys"),
            seeAlso: ["flawd(1)", "flawd-guide(7)", "flawd.yaml(5)", "flawd-events(7)"])
    }

    /// flawd-events(7)
    static func events() throws -> ManualPage {
        let reference = try SchemaReference(json: JSONSchema.verdict), health = try SchemaReference(json: HealthSchema.text)
        return ManualPage(
            name: "flawd-events", section: 7, purpose: "what flawd publishes",
            blocks: [
                .heading("Description"), .paragraph(reference.description ?? ""),
                .paragraph("Events are ZeroMQ messages of two parts, a topic and a JSON object, on the sockets that `publish` names. "
                    + "`flawd check --schema verdict` prints the JSON Schema that this page is made from."),
                .paragraph("A subscriber that was away asks `publish.catch_up`, a ROUTER socket: `{\"since\": 17}` is answered by one JSON part and then "
                    + "a part for each event, at most 512 events and 1 MiB, to be asked again until `next` is `high`. The first part's `type` is "
                    + "`events`, `gone` (`oldest` is the first that is still kept), `epoch` (another journal: begin at 0) or `error`."),
                .paragraph("Opt-in, and not in the journal: `<camera>/mask` with the parts header and payload, 0 or 255 a pixel (codec "
                    + "`raw_mono8`), and `<camera>/overlay/color`, a plain camera-stream topic with a JPEG."),
                .paragraph("To an MQTT broker (`mqtt:`) every event goes as `<prefix>/<line>/<camera>/verdict` and `…/missing`, byte for byte and with QoS 1. "
                    + "`<prefix>/<line>/<camera>/state` is retained: the camera's last verdict in short. `<prefix>/<line>/status` is retained, too: `online`, or "
                    + "`offline` with why. `<prefix>/<line>/gone` names events that the journal no longer had when the broker came back."),
            ] + reference.blocks(title: "Fields") + health.blocks(title: "status/health, and /status over HTTP"),
            seeAlso: ["flawd(1)", "flawd-guide(7)", "flawd.yaml(5)", "flawd-regions(5)"])
    }
}
