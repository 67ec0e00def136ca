import ArgumentParser
import Inspection
import Service
import Testing
@testable import flawd

struct ManualTests {
    @Test(arguments: [ConfigurationSchema.text, JSONSchema.regions, JSONSchema.verdict]) func everyKey_IsExplained(_ schema: String) throws {
        let sections = try SchemaReference(json: schema).sections
        #expect(sections.count > 3)
        for key in sections.flatMap(\.keys) { #expect(key.description?.isEmpty == false, "\(key.path) has no description in its schema") }
    }

    @Test func optionalKeys_OfTheConfiguration_SayWhatHoldsWithoutThem() throws {
        let reference = try SchemaReference(json: ConfigurationSchema.text), sections = reference.sections
        let mappings = Set(sections.map(\.path))
        for key in sections.flatMap(\.keys) where !key.isRequired && !mappings.contains(key.path) {
            let says = key.standard != nil || ["absent", "default"].contains { key.description?.contains($0) == true }
            #expect(says, "\(key.path) has neither a default nor \"absent: …\" in its description")
        }
    }

    @Test(arguments: ["condition", "reason"]) func everyWord_OfAnEvent_IsExplained(_ name: String) throws {
        let key = try #require(try SchemaReference(json: JSONSchema.verdict).sections.flatMap(\.keys).first { $0.path == name })
        let description = try #require(key.description)
        let words = key.type.dropFirst("one of ".count).split(separator: ", ")
        if name == "condition" { for word in words { #expect(description.contains("\(word): "), "\(word) is not explained") } }
        #expect(words.count > 4 && description.split(separator: ",").count + description.split(separator: ";").count >= words.count)
    }

    @Test func reference_KeepsTheSchemasOrder_AndFollowsReferences() throws {
        let reference = try SchemaReference(json: #"""
            {"description": "d", "required": ["b"], "properties": {
              "b": {"$ref": "#/$defs/inner", "description": "own"}, "a": {"type": "array", "items": {"$ref": "#/$defs/inner"}, "minItems": 2, "maxItems": 2},
              "c": {"type": "number", "exclusiveMinimum": 0, "maximum": 5, "default": 1.5}, "d": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}},
             "$defs": {"inner": {"type": "object", "description": "theirs", "properties": {"x": {"type": "integer", "minimum": -1, "maximum": 9223372036854775807}, "y": {"enum": ["p", 2]}}}}}
            """#)
        #expect(reference.sections.map(\.path) == ["", "b", "a[]"])
        let keys = reference.sections[0].keys
        #expect(keys.map(\.path) == ["b", "a", "c", "d"] && keys.map(\.isRequired) == [true, false, false, false])
        #expect(keys.map(\.type) == ["mapping", "list of 2: mapping", "number above 0, at most 5", "text, or a list of such"])
        #expect(keys[0].description == "own" && keys[2].standard == "1.5")
        #expect(reference.sections[1].keys.map(\.type) == ["whole number of 64 bits", "one of p, 2"])
        #expect(reference.sections[2].description == "theirs" && reference.sections[2].keys[0].path == "a[].x")
    }

    @Test func commandsPage_HasEveryCommandAndOption() throws {
        let text = try ManualPage.commands().markdown
        func look(at command: any ParsableCommand.Type, under parent: String) {
            let name = "\(parent) \(command._commandName)"
            #expect(text.contains("### \(name)"), "\(name)")
            for inner in command.configuration.subcommands { look(at: inner, under: name) }
        }
        for command in Flawd.configuration.subcommands { look(at: command, under: "flawd") }
        for option in ["`-c, --config FILE`", "`--max-escape PERCENT`", "`--multimask`"] { #expect(text.contains(option), "\(option)") }
        #expect(!text.contains("`-h, --help`") && !text.contains("`--version`:"))
    }

    /// Whoever types what the manual shows is not told that there is no such option.
    @Test func guidesCommands_AreUnderstood() throws {
        var commands = 0
        for case .code(let code) in ManualPage.guide.blocks {
            for line in code.split(separator: "\n") where line.hasPrefix("flawd ") {
                _ = try Flawd.parseAsRoot(line.split(separator: " ").dropFirst().map(String.init))
                commands += 1
            }
        }
        #expect(commands >= 5)
    }

    @Test(arguments: ManualCommand.Page.allCases) func man_HasNoRequestsButItsOwn(_ page: ManualCommand.Page) throws {
        let man = try ManualCommand.manual(page).man
        let known = [".TH ", ".SH ", ".SS ", ".PP", ".TP", ".EX", ".EE"]
        for line in man.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
            #expect(known.contains { line.hasPrefix($0) }, "\(line)")
        }
        #expect(man.hasPrefix(".TH ") && man.contains("\n.SH \"NAME\"\n") && man.contains("\n.SH \"SEE ALSO\"\n"))
    }

    @Test func texts_AreEscapedForBothForms() {
        let page = ManualPage(
            name: "a", section: 1, purpose: "p",
            blocks: [.heading("h"), .paragraph(".x `--y` it's \\n <b>_i_"), .entry("-o \"q\"", "`<t>` *"), .code(".so /etc\n'x\n\\z")], seeAlso: ["b(1)"])
        #expect(page.man.contains("\\&.x \\fB\\-\\-y\\fR it\\(aqs \\en <b>_i_\n.TP\n\\fB\\-o \"q\"\\fR\n\\fB<t>\\fR *"))
        #expect(page.man.contains(".EX\n\\&.so /etc\n\\(aqx\n\\ez\n.EE"))
        #expect(page.markdown.contains(".x `--y` it's \\\\n \\<b\\>\\_i\\_\n\n- `-o \"q\"`: `<t>` \\*\n\n```\n.so /etc\n'x\n\\z\n```\n"))
    }
}
