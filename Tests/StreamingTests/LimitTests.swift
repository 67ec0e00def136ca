import Foundation
import Testing
@testable import Streaming

/// What peers may do how often.
@Suite struct LimitTests {
    private let start = ContinuousClock.now

    /// A bucket and a pace whose answers can stand in an expectation.
    private final class Bucket {
        private var bucket: TokenBucket
        init(perSecond: Int, now: ContinuousClock.Instant) { bucket = TokenBucket(perSecond: perSecond, now: now) }
        func delay(now: ContinuousClock.Instant) -> Duration? { bucket.delay(now: now) }
        func take(now: ContinuousClock.Instant) { bucket.take(now: now) }
        func isFull(now: ContinuousClock.Instant) -> Bool { bucket.isFull(now: now) }
    }

    private final class Pace {
        private var pace: RequestPace
        init(perSecond: Int) { pace = RequestPace(perSecond: perSecond) }
        var askers: Int { pace.askers }
        func admit(_ number: UInt8, of asker: String, now: ContinuousClock.Instant) -> RequestPace.Admission {
            pace.admit(.init(body: [number], asker: asker), now: now)
        }
        func next(now: ContinuousClock.Instant) -> UInt8? { pace.next(now: now)?.body?.first }
        func delay(now: ContinuousClock.Instant) -> Duration? { pace.delay(now: now) }
    }

    @Test func bucket_LetsASecondsWorthThrough_ThenOneAfterAnother() {
        let bucket = Bucket(perSecond: 4, now: start)
        for _ in 0..<4 {
            #expect(bucket.delay(now: start) == nil)
            bucket.take(now: start)
        }
        #expect(bucket.delay(now: start) == .milliseconds(250))
        #expect(bucket.delay(now: start + .milliseconds(100)) == .milliseconds(150))
        #expect(bucket.delay(now: start + .milliseconds(250)) == nil && !bucket.isFull(now: start + .milliseconds(900)))
        #expect(bucket.isFull(now: start + .seconds(1000)))
        bucket.take(now: start + .seconds(1000))
        // Time that goes back, or stands, fills nothing.
        #expect(!bucket.isFull(now: start))
    }

    @Test func greedyAsker_Waits_AndOthersDoNot() {
        let pace = Pace(perSecond: 2)
        #expect(pace.admit(0, of: "greedy", now: start) == .answerNow && pace.admit(1, of: "greedy", now: start) == .answerNow)
        #expect(pace.admit(2, of: "greedy", now: start) == .waits && pace.admit(3, of: "greedy", now: start) == .waits)
        #expect(pace.admit(4, of: "other", now: start) == .answerNow)
        #expect(pace.next(now: start) == nil && pace.delay(now: start) == .milliseconds(500))
        let later = start + .milliseconds(600)
        #expect(pace.next(now: later) == 2)
        #expect(pace.next(now: later) == nil)
        // In their order: a new request does not overtake one that waits.
        #expect(pace.admit(5, of: "greedy", now: start + .seconds(9)) == .waits)
        #expect(pace.next(now: start + .seconds(9)) == 3 && pace.next(now: start + .seconds(9)) == 5)
        #expect(pace.delay(now: start) == nil)
    }

    @Test func requestsBeyondThoseThatMayWait_AreRefused_AndAskersAreNotRememberedWithoutEnd() {
        let pace = Pace(perSecond: 1)
        #expect(pace.admit(0, of: "greedy", now: start) == .answerNow)
        for _ in 0..<RequestPace.maxWaiting { #expect(pace.admit(1, of: "greedy", now: start) == .waits) }
        #expect(pace.admit(2, of: "greedy", now: start) == .refused)
        for number in 0..<5000 { #expect(pace.admit(3, of: "peer \(number)", now: start) == .answerNow) }
        #expect(pace.askers <= RequestPace.maxAskers)
        // Those who come and go do not free one that has a request waiting.
        #expect(pace.delay(now: start) == .seconds(1))
    }

    @Test func catchUpServer_AnswersAllOfAGreedyAskersRequests_Later() throws {
        let file = try JournalFile(), journal = try file.open()
        try journal.append([.verdict(1, epoch: journal.epoch)])
        let context = try MessagingContext()
        let server = try CatchUpServer(context: context, endpoints: [Endpoint(.bind, "tcp://127.0.0.1:*")], journal: file.path, requestsPerSecond: 3)
        let asker = try Socket(context, .dealer)
        try asker.configure(maxMessageBytes: 1 << 20, highWaterMark: 100)
        _ = try asker.attach([Endpoint(.connect, server.boundEndpoints[0])])
        for _ in 0..<5 { try Array(#"{"since":0}"#.utf8).withUnsafeBytes { try asker.send($0, more: false) } }
        let begun = ContinuousClock.now
        while server.answers < 5 {
            _ = try server.serve(timeoutMs: 100)
            try #require(ContinuousClock.now < begun + .seconds(20), "answered \(server.answers)")
        }
        // Three at once, and two at three a second.
        #expect(ContinuousClock.now - begun > .milliseconds(500))
        #expect(server.lastAsker == "127.0.0.1")
        let slot = MessageSlots(count: 1)
        for _ in 0..<5 {
            let isAnswered = try asker.waitForMessage(timeoutMs: 10_000)
            try #require(isAnswered)
            repeat { guard try asker.receive(into: slot[0]) else { break } } while slot.hasMore(0)
        }
    }

    @Test func frameSubscriber_TakesNoMoreThanItsRate_AndNoneIsLostInItsHands() throws {
        var limits = StreamLimits()
        limits.messagesPerSecond = 20
        let line = try Line(.tcp, limits: limits)
        let begun = ContinuousClock.now
        for sequence in 0..<30 {
            try line.publisher.send(Wire.frame(sequence: sequence))
            var incoming: Incoming?
            while incoming == nil {
                incoming = try line.subscriber.receive(timeoutMs: 20)
                try #require(ContinuousClock.now < begun + .seconds(20))
            }
            #expect(incoming?.reading.header?.sequence == UInt64(sequence))
        }
        // Twenty at once, ten at twenty a second.
        #expect(ContinuousClock.now - begun > .milliseconds(400))
    }

    /// libzmq keeps every subscription and cannot put one peer off: all are, once too much is subscribed to, and those who mean well come again.
    @Test(arguments: [Transport.tcp, .ipc]) func publisher_PutsSubscribersOff_WhenOneSubscribesWithoutEnd(transport: Transport) throws {
        let context = try MessagingContext(), outside = try MessagingContext()
        let publisher = try Publisher(context, [Endpoint(.bind, transport.address)], highWaterMark: 1000, isPatient: nil, maxSubscribedBytes: 10_000)
        let address = publisher.boundEndpoints[0]
        let subscriber = try EventSubscriber(context: outside, endpoints: [Endpoint(.connect, address)], topics: ["line1/"])
        try #require(try publisher.waitForSubscribers(timeoutMs: 10_000))
        #expect(publisher.takeFlooder() == nil)
        do {
            let flooder = try Socket(outside, .subscriber)
            try flooder.configure(maxMessageBytes: 1000, highWaterMark: 1000)
            _ = try flooder.attach([Endpoint(.connect, address)], topics: (0..<100).map { "\($0)" + String(repeating: "x", count: 200) })
            var name: String?
            let begun = ContinuousClock.now
            while name == nil {
                _ = try publisher.waitForSubscribers(.max, timeoutMs: 20)
                name = publisher.takeFlooder()
                try #require(ContinuousClock.now < begun + .seconds(20))
            }
            #expect(name == (transport == .tcp ? "127.0.0.1" : "localhost:\(geteuid())"))
        }
        // A subscriber that was put off tells its topics when it next receives.
        let begun = ContinuousClock.now
        var parts: [[UInt8]]?
        while parts == nil {
            try publisher.send([Wire.bytes("line1/top/verdict"), Wire.bytes("{}")])
            parts = try subscriber.receive(timeoutMs: 20)
            try #require(ContinuousClock.now < begun + .seconds(20))
        }
        #expect(parts == [Wire.bytes("line1/top/verdict"), Wire.bytes("{}")])
        #expect(publisher.boundEndpoints == [address])
    }
}
