import Dispatch
import Hummingbird
import Streaming

/// `POST /reload`, `/golden` and `/acknowledge`: what `flawd reload`, `golden` and `golden --acknowledge` do.
///
/// From this machine alone, for nobody shows who they are; and with a header that a page of another site cannot send without being asked about it
/// first, which is never answered.
struct CommandRoutes: HTTPRoutes {
    let controller: StationController
    let address: HTTPAddress

    let paths = ["/acknowledge", "/golden", "/reload"]
    static let header = "X-Flawd-Command"
    /// One command after the other, each of which may take seconds.
    private static let queue = DispatchQueue(label: "flawd.http-commands")

    func add(to router: Router<BasicRequestContext>) {
        for (path, command) in [("acknowledge", ControlCommand.acknowledge), ("golden", .golden), ("reload", .reload)] {
            router.post(RouterPath(path)) { request, _ in await answer(command, to: request) }
        }
    }

    private func answer(_ command: ControlCommand, to request: Request) async -> Response {
        guard address.isLoopback else {
            return .text("commands are taken from this machine alone, and http.bind is open to others: use flawd \(command.rawValue)\n", status: .forbidden)
        }
        guard request.headers.contains(where: { $0.name.canonicalName == Self.header.lowercased() }) else {
            return .text("a command needs the header \(Self.header): 1\n", status: .forbidden)
        }
        let answer = await withCheckedContinuation { (continuation: CheckedContinuation<ControlAnswer, Never>) in
            Self.queue.async { @Sendable [controller] in continuation.resume(returning: controller.execute(command)) }
        }
        return .bytes(answer.json + [UInt8(ascii: "\n")], status: answer.ok ? .ok : .conflict, type: "application/json")
    }
}
