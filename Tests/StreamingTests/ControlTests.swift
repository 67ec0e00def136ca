import CZeroMQ
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Streaming

@Suite struct ControlTests {
    /// Serves until the body has ended.
    private func withServer<R>(
        _ execute: @escaping @Sendable (ControlCommand) -> ControlAnswer, _ body: (MessagingContext, Endpoint) throws -> R
    ) throws -> R {
        let context = try MessagingContext(), address = "inproc://control"
        let up = DispatchSemaphore(value: 0), gone = DispatchSemaphore(value: 0)
        return try withoutActuallyEscaping(body) { body in
            let finished = Finished()
            Thread.detachNewThread {
                do {
                    let server = try ControlServer(context: context, endpoints: [Endpoint(.bind, address)], execute: execute)
                    up.signal()
                    while !finished.isSet { _ = try server.serve(timeoutMs: 20) }
                } catch {
                    Issue.record(error)
                    up.signal()
                }
                gone.signal()
            }
            up.wait()
            defer {
                finished.set()
                gone.wait()
            }
            return try body(context, Endpoint(.connect, address))
        }
    }

    private final class Finished: Sendable {
        private let value = Atomic<Bool>(false)
        func set() { value.store(true, ordering: .releasing) }
        var isSet: Bool { value.load(ordering: .acquiring) }
    }

    @Test func command_IsDoneAndAnswered() throws {
        let answer = try withServer({ ControlAnswer(ok: $0 == .golden, detail: "did \"\($0.rawValue)\"", state: "ready") }) { context, endpoint in
            try ControlClient(context: context, endpoint: endpoint).tell(.golden, timeoutMs: 10_000)
        }
        #expect(answer == ControlAnswer(ok: true, detail: "did \"golden\"", state: "ready"))
    }

    @Test(arguments: [
        ("{\"command\": \"explode\"}", "unknown command 'explode'; reload, reload_later, golden, acknowledge, state are known"),
        ("{\"command\": 1}", "command must be one of"), ("{}", "command must be one of"), ("{\"command\": \"state\", \"x\": 1}", "unknown key 'x'"),
        ("state", "JSON"), ("[]", "JSON"),
    ]) func wrongRequest_IsAnsweredAndNotDone(text: String, problem: String) throws {
        let answer = try withServer({ _ in
            Issue.record("was done")
            return ControlAnswer(ok: true, detail: "")
        }) { context, endpoint -> ControlAnswer in
            let socket = try Socket(context, .dealer)
            _ = try socket.attach([endpoint])
            try Array(text.utf8).withUnsafeBytes { try socket.send($0, more: false) }
            let slot = MessageSlots(count: 1)
            #expect(try socket.waitForMessage(timeoutMs: 10_000))
            #expect(try socket.receive(into: slot[0]))
            return try JSONDecoder().decode(ControlAnswer.self, from: Data(slot.bytes(0)))
        }
        #expect(!answer.ok && answer.detail.contains(problem))
    }

    @Test func severalParts_AreNoRequest() throws {
        let answer = try withServer({ _ in ControlAnswer(ok: true, detail: "") }) { context, endpoint -> ControlAnswer in
            let socket = try Socket(context, .dealer)
            _ = try socket.attach([endpoint])
            let json = ControlCommand.state.json
            for index in 0..<40 { try json.withUnsafeBytes { try socket.send($0, more: index < 39) } }
            let slot = MessageSlots(count: 1)
            #expect(try socket.waitForMessage(timeoutMs: 10_000))
            #expect(try socket.receive(into: slot[0]))
            return try JSONDecoder().decode(ControlAnswer.self, from: Data(slot.bytes(0)))
        }
        #expect(!answer.ok && answer.detail.contains("one part"))
    }

    @Test func nobodyThere_IsNoAnswer() throws {
        let folder = FileManager.default.temporaryDirectory.path
        let client = try ControlClient(context: MessagingContext(), endpoint: Endpoint(.connect, "ipc://\(folder)/flawd-\(UUID().uuidString)"))
        #expect(try client.tell(.state, timeoutMs: 50) == nil)
    }
}
