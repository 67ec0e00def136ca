import ArgumentParser
import Inspection
import Service

/// Prints the manual, made from what the program knows of itself: its options, and the schemas of files and events.
struct ManualCommand: ParsableCommand {
    enum Page: String, ExpressibleByArgument, CaseIterable { case commands, guide, configuration, regions, events }

    enum Format: String, ExpressibleByArgument, CaseIterable { case man, markdown }

    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Print a page of the manual: commands, guide, configuration, regions or events.",
        discussion: """
            The pages are those that a package installs as flawd(1), flawd-guide(7), flawd.yaml(5), flawd-regions(5) and \
            flawd-events(7). `flawd manual guide --format man | man -l -` shows one where nothing is installed.
            """)

    @Argument(help: "commands, guide, configuration, regions or events.")
    var page: Page

    @Option(help: "man (for man and mandoc) or markdown.")
    var format = Format.markdown

    func run() throws {
        let manual = try Self.manual(page)
        switch format {
        case .man: Terminal.print(manual.man)
        case .markdown: Terminal.print(manual.markdown)
        }
    }

    static func manual(_ page: Page) throws -> ManualPage {
        switch page {
        case .commands: try .commands()
        case .guide: .guide
        case .configuration: try .configuration()
        case .regions: try .regions()
        case .events: try .events()
        }
    }
}
