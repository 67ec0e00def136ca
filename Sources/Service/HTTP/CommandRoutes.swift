import Dispatch
import Hummingbird
import Streaming

/// `POST /reload`, `/golden` and `/acknowledge`: what `flawd reload`, `golden` and `golden --acknowledge` do.
///
/// Who may is `PageGuard`'s to say.
struct CommandRoutes: HTTPRoutes {
    let controller: StationController
    let gate: PageGuard
    /// Keeps who did what; where nothing is kept, so be it.
    var record: @Sendable (AuditEntry) -> Void = { _ in }

    let paths = ["/acknowledge", "/golden", "/reload"]
    var commands: [String] { paths }
    /// One command after the other, each of which may take seconds.
    private static let queue = DispatchQueue(label: "flawd.http-commands")

    func add(to router: Router<BasicRequestContext>) {
        for (path, command) in [("acknowledge", ControlCommand.acknowledge), ("golden", .golden), ("reload", .reload)] {
            router.post(RouterPath(path)) { request, _ in await answer(command, to: request) }
        }
    }

    private func answer(_ command: ControlCommand, to request: Request) async -> Response {
        let who: String
        do { who = try gate.admitWriting(request) } catch { return .text("\(error.problem)\n", status: error.status) }
        let answer = await withCheckedContinuation { (continuation: CheckedContinuation<ControlAnswer, Never>) in
            Self.queue.async { @Sendable [controller, record] in
                let answer = controller.execute(command)
                record(AuditEntry(utcNs: PipelineClock.system.utcNs(), who: who, action: command.rawValue, subject: "", before: "", after: answer.detail))
                continuation.resume(returning: answer)
            }
        }
        return .bytes(answer.json + [UInt8(ascii: "\n")], status: answer.ok ? .ok : .conflict, type: "application/json")
    }
}
