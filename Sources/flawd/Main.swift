import ArgumentParser
import Foundation
import Inspection
import SegmentAnything
import SelfPerception
import Service
import Streaming

/// Where the process begins: runs the command and turns what it throws into a message and an exit code.
@main enum Main {
    static func main() async {
        do {
            var command = try Flawd.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(error)
        }
    }

    /// 0 done (help included), 1 failed, 2 usage or invalid input, or what the command chose.
    private static func end(_ error: any Error) -> Never {
        let status = status(of: error)
        let message = Flawd.fullMessage(for: error)
        if !message.isEmpty {
            let output = status == 0 ? FileHandle.standardOutput : FileHandle.standardError
            try? output.write(contentsOf: Data((message + "\n").utf8))
        }
        exit(status)
    }

    private static func status(of error: any Error) -> Int32 {
        switch error {
        case is FileError, is CheckpointError, is CurveError, is DatasetError, is InvalidInput: return 2
        case let error as JournalError where error.kind == .content || error.kind == .other: return 2
        case let error as TuningError where error.isInvalidInput: return 2
        default:
            let code = Flawd.exitCode(for: error)
            // ArgumentParser follows sysexits: 64 for a mistake on the command line.
            return code == .validationFailure ? 2 : code.rawValue
        }
    }
}

/// Something given on the command line or read from a file that cannot be used: exit code 2.
struct InvalidInput: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// Something that did not come about although it was asked for rightly: exit code 1.
struct Failure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
