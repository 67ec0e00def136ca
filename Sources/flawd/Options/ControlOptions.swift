import ArgumentParser
import Dispatch
import Service
import Streaming

/// A running flawd, and how long its answer is waited for.
struct ControlOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("Configuration file of the running flawd; its control: says where it takes commands.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Where the running flawd takes commands, such as ipc:///run/flawd/control.", valueName: "address"))
    var control: String?

    @Option(help: ArgumentHelp("Seconds to wait for the answer.", valueName: "seconds"))
    var timeout = 60

    func validate() throws {
        guard (config == nil) != (control == nil) else { throw ValidationError("Give --config FILE or --control ADDRESS.") }
        if let control, let problem = Endpoint(.connect, control).problem { throw ValidationError("--control: \(problem)") }
        try check(timeout, "--timeout", 1...3600)
    }

    /// - Throws: `InvalidInput`, `FileError`, or `Failure` when nobody answers.
    func tell(_ command: ControlCommand) async throws -> ControlAnswer {
        let endpoint = Endpoint(.connect, try address()), patience = timeout
        return try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<ControlAnswer, any Error>) in
            DispatchQueue(label: "flawd.tell").async { @Sendable in
                continuation.resume(with: Result {
                    let client = try ControlClient(context: MessagingContext(), endpoint: endpoint)
                    guard let answer = try client.tell(command, timeoutMs: patience * 1000) else {
                        throw Failure("\(endpoint.address) did not answer within \(patience) s: is flawd running with control: there?")
                    }
                    return answer
                })
            }
        }
    }

    private func address() throws -> String {
        if let control { return control }
        guard let config else { return "" }
        guard let endpoint = try Configuration(path: config).control.first else {
            throw InvalidInput("\(config): has no control: key, so the running flawd takes no commands; control: ipc:///run/flawd/control is usual")
        }
        return endpoint.address
    }
}

extension ControlAnswer {
    /// The answer on the screen; exit code 1 for what was not done.
    func show(json: Bool, failure: ExitCode = .failure) throws {
        if json {
            try Terminal.printJSON(self)
        } else {
            let text = [state, detail].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ")
            ok ? Terminal.print(text) : Terminal.printError(text)
        }
        if !ok { throw failure }
    }
}
