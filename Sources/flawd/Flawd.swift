import ArgumentParser

struct Flawd: AsyncParsableCommand {
    /// Of the program and its package; `deploy/package` asks for it.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "flawd",
        abstract: "Inspects camera frames with a promptable segmentation model and publishes a verdict for every one.",
        discussion: """
            Exit codes: 0 done, 1 failed, 2 usage or invalid input, 3 the inspected material failed.
            """,
        version: version,
        subcommands: [
            RunCommand.self, CheckCommand.self, ReloadCommand.self, StateCommand.self, GoldenCommand.self, DemoCommand.self, RecordCommand.self,
            ReplayCommand.self, WatchCommand.self, JournalCommand.self, VerifyCommand.self, KeygenCommand.self, KeysCommand.self, TokensCommand.self,
            SegmentCommand.self, TuneCommand.self, EvaluateCommand.self, CalibrateCommand.self, ModelCommand.self, BenchCommand.self,
            ManualCommand.self,
        ])
}
