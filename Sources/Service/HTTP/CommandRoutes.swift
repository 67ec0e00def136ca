import Dispatch
import Hummingbird
import Streaming

/// `POST /reload`, `/golden` and `/acknowledge`: what `flawd reload`, `golden` and `golden --acknowledge` do.
///
/// Who may is `PageGuard`'s to say.
struct CommandRoutes: HTTPRoutes {
    let controller: StationController
    let gate: PageGuard

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
        do { _ = try gate.admitWriting(request) } catch { return .text("\(error.problem)\n", status: error.status) }
        let answer = await withCheckedContinuation { (continuation: CheckedContinuation<ControlAnswer, Never>) in
            Self.queue.async { @Sendable [controller] in continuation.resume(returning: controller.execute(command)) }
        }
        return .bytes(answer.json + [UInt8(ascii: "\n")], status: answer.ok ? .ok : .conflict, type: "application/json")
    }
}
