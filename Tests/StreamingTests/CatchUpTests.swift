import Dispatch
import Foundation
import Testing
@testable import Streaming

@Suite struct CatchUpMessageTests {
    @Test(arguments: [
        CatchUpRequest(since: 0), CatchUpRequest(since: UInt64(Int64.max), epoch: "0123456789abcdef", limit: 1),
        CatchUpRequest(since: 7, epoch: "", camera: "line \"1\"\\\n%_ü😀"),
    ])
    func request_IsReadAsItWasWritten(_ request: CatchUpRequest) throws {
        #expect(try CatchUpRequest(json: request.json) == request)
    }

    @Test func request_HasDefaults_AndItsLimitIsBounded() throws {
        func read(_ json: String) throws -> CatchUpRequest { try CatchUpRequest(json: Array(json.utf8)) }
        #expect(try read(#"{"since": 3}"#) == CatchUpRequest(since: 3, limit: 512))
        #expect(try read(#"{"since":3,"epoch":null,"limit":9223372036854775807}"#) == CatchUpRequest(since: 3, limit: 512))
        #expect(try read(#"{"camera":"","limit":513,"since":0}"#) == CatchUpRequest(since: 0, limit: 512))
    }

    static let malformed: [(json: String, problem: String)] = [
        ("", "a JSON object"), ("7", "a JSON object"), ("[1]", "a JSON object"), ("{", "key"), ("{}", "since"), (#"{"since":-1}"#, "since"), (#"{"since":"1"}"#, "since"),
        (#"{"since":1.0}"#, "since"), (#"{"since":1e3}"#, "since"), (#"{"since":null}"#, "since"), (#"{"since":9223372036854775808}"#, "since"),
        (#"{"since":18446744073709551616}"#, "since"), (#"{"since":NaN}"#, "value"), (#"{"since":1,"since":2}"#, "twice"), (#"{"since":1}x"#, "follows"),
        (#"{"since":1,"epoch":5}"#, "epoch"), (#"{"since":1,"limit":0}"#, "limit"), (#"{"since":1,"limit":-1}"#, "limit"), (#"{"since":1,"limit":null}"#, "limit"),
        (#"{"since":1,"limit":99999999999999999999}"#, "limit"), (#"{"since":1,"camera":["a"]}"#, "camera"), (#"{"since":1,"camera":null}"#, "camera"),
        (#"{"since":1,"sinse":1}"#, "unknown key 'sinse'"), ("{\"since\":1,\"camera\":\"\u{0}\"}", "control"),
    ]

    @Test(arguments: malformed.indices) func malformedRequest_IsNamed(_ index: Int) {
        let (json, problem) = Self.malformed[index]
        #expect { try CatchUpRequest(json: Array(json.utf8)) } throws: { ($0 as? WireProblem)?.text.contains(problem) == true }
    }

    @Test(arguments: [
        CatchUpAnswer.events([], next: 0, epoch: "e", high: 0), .events([[1], [], [2, 3]], next: 7, epoch: "e", high: UInt64(Int64.max)),
        .gone(oldest: 8, epoch: "e", high: 9), .otherEpoch("e", high: 4), .error("a \"b\"\n"),
    ])
    func answer_IsReadAsItWasWritten(_ answer: CatchUpAnswer) throws {
        #expect(try CatchUpAnswer(parts: answer.parts) == answer)
    }

    @Test(arguments: [
        [], [""], ["{}"], [#"{"type":"events"}"#], [#"{"type":"events","epoch":"e","high":1,"count":1,"next":1}"#],
        [#"{"type":"events","epoch":"e","high":1,"count":0,"next":1}"#, "x"], [#"{"type":"events","epoch":"e","high":1,"count":0}"#],
        [#"{"type":"events","epoch":"e","high":-1,"count":0,"next":1}"#], [#"{"type":"events","epoch":"e","high":1,"count":-1,"next":1}"#],
        [#"{"type":"gone","epoch":"e","high":1}"#], [#"{"type":"gone","epoch":"e","high":1,"oldest":99999999999999999999}"#], [#"{"type":"epoch","high":1}"#],
        [#"{"type":"epoch","epoch":"e"}"#], [#"{"type":"error"}"#], [#"{"type":"hello","epoch":"e","high":1}"#], ["not JSON"],
    ] as [[String]])
    func whatIsNoAnswer_IsRefused(_ parts: [String]) {
        #expect(throws: WireProblem.self) { try CatchUpAnswer(parts: parts.map { Array($0.utf8) }) }
    }
}

@Suite struct CatchUpAnswerTests {
    @Test func journal_AnswersByWhatItKeeps() throws {
        let file = try JournalFile(), journal = try file.open(), reader = try file.reader()
        let epoch = journal.epoch
        func answer(_ since: UInt64, epoch: String? = nil, limit: Int = 512, camera: String = "") throws -> CatchUpAnswer {
            try CatchUpAnswer(to: CatchUpRequest(since: since, epoch: epoch, limit: limit, camera: camera), from: reader)
        }
        #expect(try answer(0) == .events([], next: 0, epoch: epoch, high: 0))
        #expect(try answer(1) == .otherEpoch(epoch, high: 0), "nobody can have seen what was never numbered")
        let records = (UInt64(1)...20).map { JournalRecord.verdict($0, camera: $0 <= 10 ? "a" : "b", epoch: epoch) }
        try journal.append(records)
        let json = records.map(\.json)
        #expect(try answer(0) == .events(json, next: 20, epoch: epoch, high: 20))
        #expect(try answer(0, epoch: epoch, limit: 3) == .events(Array(json[..<3]), next: 3, epoch: epoch, high: 20))
        #expect(try answer(19) == .events([json[19]], next: 20, epoch: epoch, high: 20))
        #expect(try answer(20) == .events([], next: 20, epoch: epoch, high: 20))
        #expect(try answer(21) == .otherEpoch(epoch, high: 20))
        #expect(try answer(.max) == .otherEpoch(epoch, high: 20))
        #expect(try answer(5, epoch: "another") == .otherEpoch(epoch, high: 20))
        #expect(try answer(0, camera: "a") == .events(Array(json[..<10]), next: 20, epoch: epoch, high: 20), "the rest is other cameras'")
        #expect(try answer(0, limit: 10, camera: "a") == .events(Array(json[..<10]), next: 10, epoch: epoch, high: 20))
        #expect(try answer(3, camera: "c") == .events([], next: 20, epoch: epoch, high: 20))

        try file.execute("DELETE FROM event WHERE seq <= 8")
        #expect(try answer(7) == .gone(oldest: 9, epoch: epoch, high: 20))
        #expect(try answer(0, camera: "b") == .gone(oldest: 9, epoch: epoch, high: 20))
        #expect(try answer(8, limit: 1) == .events([json[8]], next: 9, epoch: epoch, high: 20))
        try file.execute("DELETE FROM event")
        #expect(try answer(19) == .gone(oldest: 21, epoch: epoch, high: 20))
        #expect(try answer(20) == .events([], next: 20, epoch: epoch, high: 20))
    }
}

@Suite struct CatchUpSocketTests {
    /// A server and a socket that asks it, on one thread: what is sent is served, and then received.
    private final class Desk {
        let file: JournalFile
        let server: CatchUpServer
        private let asker: Asker
        let address: String

        private final class Asker {
            let socket: Socket
            init(_ context: MessagingContext, _ address: String) throws {
                socket = try Socket(context, .dealer)
                try socket.configure(maxMessageBytes: 64 << 20, highWaterMark: 100)
                _ = try socket.attach(Endpoint(.connect, address))
            }
        }

        init(_ file: JournalFile) throws {
            self.file = file
            let context = try MessagingContext()
            server = try CatchUpServer(context: context, endpoints: [Endpoint(.bind, "ipc://\(file.folder)/c")], journal: file.path)
            address = server.boundEndpoints[0]
            asker = try Asker(context, address)
        }

        func ask(_ parts: [[UInt8]]) throws -> [[UInt8]] {
            for (index, part) in parts.enumerated() { try part.withUnsafeBytes { try asker.socket.send($0, more: index + 1 < parts.count) } }
            try #require(try server.serve(timeoutMs: 20_000), "no request arrived")
            let isAnswered = try asker.socket.waitForMessage(timeoutMs: 20_000)
            try #require(isAnswered, "no answer arrived")
            let slot = MessageSlots(count: 1)
            var answer: [[UInt8]] = []
            repeat {
                guard try asker.socket.receive(into: slot[0]) else { break }
                answer.append([UInt8](slot.bytes(0)))
            } while slot.hasMore(0)
            return answer
        }

        func ask(_ json: String) throws -> CatchUpAnswer { try CatchUpAnswer(parts: ask([Array(json.utf8)])) }
    }

    private func isError(_ answer: CatchUpAnswer, _ word: String) -> Bool {
        if case .error(let detail) = answer { detail.contains(word) } else { false }
    }

    @Test func everyMalformedRequest_IsAnswered_AndTheNextOneToo() throws {
        let file = try JournalFile(), journal = try file.open(), desk = try Desk(file)
        try journal.append([.verdict(1, epoch: journal.epoch)])
        for (json, problem) in CatchUpMessageTests.malformed where !json.isEmpty { #expect(try isError(desk.ask(json), problem), "\(json)") }
        let good = Array(#"{"since":0}"#.utf8)
        for parts in [[good, good], [[], good, good], [[]], [[], []], [good, []], Array(repeating: good, count: 8), Array(repeating: good, count: 500), Array(repeating: [], count: 500)] {
            let answer = try desk.ask(parts)
            #expect(try isError(CatchUpAnswer(parts: [try #require(answer.last)]), "a request is one part"), "\(parts.count) parts")
            #expect(answer.count <= 10)
        }
        #expect(try desk.ask(#"{"since":0}"#) == .events([JournalRecord.verdict(1, epoch: journal.epoch).json], next: 1, epoch: journal.epoch, high: 1))
    }

    /// REQ puts an empty part first, and wants it back; routers in between put their envelopes before it.
    @Test func envelopes_ComeBack() throws {
        let file = try JournalFile(), journal = try file.open(), desk = try Desk(file)
        let good = Array(#"{"since":0}"#.utf8), expected = CatchUpAnswer.events([], next: 0, epoch: journal.epoch, high: 0).parts
        #expect(try desk.ask([good]) == expected)
        #expect(try desk.ask([[], good]) == [[]] + expected)
        #expect(try desk.ask([[1, 2], [3], [], good]) == [[1, 2], [3], []] + expected)
        #expect(try desk.ask([[], Array("x".utf8)]).first == [])
    }

    @Test func journalThatIsNotThereYet_IsAnError_AndReadOnceItIs() throws {
        let file = try JournalFile(), desk = try Desk(file)
        #expect(try isError(desk.ask(#"{"since":0}"#), "is not there"))
        let journal = try file.open()
        #expect(try desk.ask(#"{"since":0}"#) == .events([], next: 0, epoch: journal.epoch, high: 0))
    }

    @Test func gone_OtherEpoch_AndTooHigh_AreTold() throws {
        let file = try JournalFile(), journal = try file.open(), desk = try Desk(file)
        try journal.append((1...9).map { .verdict($0, epoch: journal.epoch) })
        try file.execute("DELETE FROM event WHERE seq < 5")
        #expect(try desk.ask(#"{"since":0}"#) == .gone(oldest: 5, epoch: journal.epoch, high: 9))
        #expect(try desk.ask(#"{"since":5,"epoch":"x"}"#) == .otherEpoch(journal.epoch, high: 9))
        #expect(try desk.ask(#"{"since":10,"epoch":"\#(journal.epoch)"}"#) == .otherEpoch(journal.epoch, high: 9))
    }

    /// More events than a page has, and more bytes.
    @Test(arguments: [(1300, 0), (700, 4000), (3, 3 << 20)]) func pages_HaveEveryEventOnce_ByteForByte(_ count: Int, _ padding: Int) throws {
        let file = try JournalFile(), journal = try file.open(), desk = try Desk(file)
        let records = (1...UInt64(count)).map { JournalRecord.verdict($0, epoch: journal.epoch, padding: padding) }
        try journal.append(records)
        var since: UInt64 = 0, events: [[UInt8]] = [], pages = 0
        while true {
            guard case .events(let page, let next, journal.epoch, let high) = try desk.ask("{\"since\":\(since)}") else {
                Issue.record("no events after \(since)")
                return
            }
            #expect(page.count <= 512 && (page.count == 1 || page.reduce(0) { $0 + $1.count } <= 1 << 20))
            events += page
            pages += 1
            if next == high { break }
            try #require(next > since)
            since = next
        }
        #expect(events == records.map(\.json))
        #expect(pages > 1)
    }

    @Test func client_AsksOverTheSameConnection_AndFollowsAnEmptyJournalToAFullOne() async throws {
        let file = try JournalFile()
        let epoch: String, records: [JournalRecord]
        do {
            let journal = try file.open()
            epoch = journal.epoch
            records = (1...1500).map { .verdict($0, epoch: epoch) }
            try journal.append(records)
        }
        let context = try MessagingContext(), address = "ipc://\(file.folder)/c", path = file.path
        let queue = DispatchQueue(label: "flawd.test.catch-up")
        let (bound, binding) = AsyncStream<Void>.makeStream()
        async let served: Int = withCheckedContinuation { continuation in
            queue.async { @Sendable in
                var answers = 0
                do {
                    let server = try CatchUpServer(context: context, endpoints: [Endpoint(.bind, address)], journal: path)
                    binding.finish()
                    // Ends with the context.
                    while true { if try server.serve(timeoutMs: -1) { answers = server.answers } }
                } catch {
                    binding.finish()
                    if (error as? StreamingError)?.isShutDown != true { Issue.record(error) }
                }
                continuation.resume(returning: answers)
            }
        }
        for await _ in bound {}
        let taken: [[UInt8]] = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "flawd.test.subscriber").async { @Sendable in
                continuation.resume(with: Result { () throws -> [[UInt8]] in
                    let outside = try MessagingContext()
                    let client = CatchUpClient(context: outside, endpoint: Endpoint(.connect, address))
                    var taken: [[UInt8]] = []
                    let follower = EventFollower(since: 0, ask: { try client.ask($0, timeoutMs: 20_000) })
                    let isAnswered = try follower.begin { taken.append($0); return true }
                    #expect(isAnswered && follower.position == 1500 && follower.epoch == epoch && follower.notes == [])
                    return taken
                })
            }
        }
        context.shutdown()
        #expect(taken == records.map(\.json))
        #expect(await served == 3)
    }

    @Test func clientThatNobodyAnswers_SaysSo() throws {
        let file = try JournalFile()
        let client = CatchUpClient(context: try MessagingContext(), endpoint: Endpoint(.connect, "ipc://\(file.folder)/nobody"))
        for _ in 0..<2 { #expect(try client.ask(CatchUpRequest(since: 0), timeoutMs: 1) == nil) }
    }
}
