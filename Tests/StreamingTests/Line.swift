import Foundation
import Testing
@testable import Streaming

/// How the two ends of a test meet.
enum Transport: String, CaseIterable, CustomTestStringConvertible {
    case inproc, ipc, tcp
    var testDescription: String { rawValue }

    /// An address to bind that no other test has.
    var address: String {
        switch self {
        case .inproc: "inproc://\(UUID().uuidString)"
        case .ipc: "ipc://\(NSTemporaryDirectory())/flawd-\(UUID().uuidString.prefix(8)).sock"
        case .tcp: "tcp://127.0.0.1:*"
        }
    }
}

/// A publisher and a subscriber that have found each other. Limits of time only end a test that has failed.
struct Line {
    let context: MessagingContext
    let publisher: Publisher
    let subscriber: FrameSubscriber

    /// - Parameter subscriberBinds: which end is the server; both are allowed on a line.
    init(
        _ transport: Transport, subscriberBinds: Bool = false, topics: [String] = [""], limits: StreamLimits = .init()
    ) throws {
        context = try MessagingContext()
        if subscriberBinds {
            subscriber = try FrameSubscriber(
                context: context, endpoints: [Endpoint(.bind, transport.address)], topics: topics, limits: limits)
            publisher = try Publisher(context: context, endpoints: [Endpoint(.connect, subscriber.boundEndpoints[0])])
        } else {
            publisher = try Publisher(context: context, endpoints: [Endpoint(.bind, transport.address)])
            subscriber = try FrameSubscriber(
                context: context, endpoints: [Endpoint(.connect, publisher.boundEndpoints[0])], topics: topics,
                limits: limits)
        }
        try publisher.waitForSubscribers(topics.count, of: subscriber)
    }

    func receive() throws -> Incoming { try #require(try subscriber.receive(timeoutMs: 10_000), "nothing arrived") }

    /// Sends a good frame and expects it next.
    func expectGoodFrame(sequence: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try publisher.send(Wire.frame(sequence: sequence))
        let incoming = try receive()
        guard case .frame(let frame) = incoming else {
            Issue.record("expected frame \(sequence), got \(incoming)", sourceLocation: sourceLocation)
            return
        }
        #expect(frame.header.sequence == UInt64(sequence), sourceLocation: sourceLocation)
        #expect(frame.payload.withBytes { Array($0) } == Wire.rawPayload, sourceLocation: sourceLocation)
    }
}

extension Publisher {
    /// Waits for `count` subscriptions. A subscriber that binds tells a new peer its topics when it receives, so both ends have
    /// to be at it.
    func waitForSubscribers(_ count: Int, of subscriber: FrameSubscriber) throws {
        var attempts = 0
        while try !waitForSubscribers(count, timeoutMs: 20) {
            attempts += 1
            try #require(attempts < 1000, "the two ends did not meet")
            try #require(try subscriber.receive(timeoutMs: 0) == nil, "something arrived before it was sent")
        }
    }
}

extension Incoming {
    /// In the words of the codec, without the payload.
    var reading: FrameCodec.Reading {
        switch self {
        case .frame(let frame): .frame(frame.header, payloadPart: frame.header.format == .cameraStream ? 2 : 1)
        case .unusable(let camera, let sequence, let partID, let problem):
            .unusable(camera: camera, sequence: sequence, partID: partID, problem: problem)
        case .notice(let topic): .notice(topic: topic)
        case .rejected(let problem): .rejected(problem: problem)
        }
    }
}

/// Pages of this process that are in memory, in bytes; nil where the system has no /proc.
func residentBytes() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
          let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
}
