import Imaging
import Inspection
import Streaming
import Testing

@testable import Service

@Suite struct SequenceTrackerTests {
    typealias Arrival = SequenceTracker.Arrival

    static let cases: [(name: String, numbers: [UInt64?], expected: [Arrival])] = [
        ("counts from 0", [0, 1, 2], [.first, .next, .next]),
        ("starts anywhere", [41, 42], [.first, .next]),
        ("one missing", [1, 3], [.first, .gap(2...2)]),
        ("many missing", [10, 1_000_011], [.first, .gap(11...1_000_010)]),
        ("largest gap", [0, 1_000_000_001], [.first, .gap(1...1_000_000_000)]),
        ("larger than any gap", [0, 1_000_000_002, 1_000_000_003], [.first, .restart, .next]),
        ("to the end of the count", [5, UInt64.max, 0], [.first, .restart, .next]),
        ("duplicate", [5, 5, 6], [.first, .duplicate, .next]),
        ("duplicate of 0", [0, 0, 1], [.first, .duplicate, .next]),
        ("out of order", [1, 2, 5, 3, 4, 6], [.first, .next, .gap(3...4), .late, .late, .next]),
        ("restart at 0", [7, 8, 0, 1], [.first, .next, .restart, .next]),
        ("restart at 1", [7, 8, 1, 2], [.first, .next, .restart, .next]),
        ("restart far below", [500, 3, 4], [.first, .restart, .next]),
        ("64 back is late", [100, 36, 101], [.first, .late, .next]),
        ("65 back is another count", [100, 35, 36], [.first, .restart, .next]),
        (
            "restart close below, seen after eight late frames", [20, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
            [.first] + Array(repeating: .late, count: 8) + [.restart, .next]
        ),
        ("wrap at 2^64", [UInt64.max - 1, .max, 0, 1], [.first, .next, .next, .next]),
        ("wrap at 2^64 with a gap", [UInt64.max - 3, 1, 2], [.first, .restart, .next]),
        ("wrap at 2^63", [1 << 63 - 2, 1 << 63 - 1, 0, 1], [.first, .next, .next, .next]),
        ("past 2^63", [1 << 63 - 1, 1 << 63], [.first, .next]),
        ("wrap at 2^32", [1 << 32 - 1, 0, 1], [.first, .next, .next]),
        ("not numbered", [nil, nil, nil], [.first, .next, .next]),
        ("unreadable in between", [7, nil, 9], [.first, .next, .next]),
        ("unreadable at the end of the count", [UInt64.max, nil, 1], [.first, .next, .next]),
    ]

    @Test(arguments: cases.indices) func arrivals_AreToldApart(_ index: Int) {
        let (name, numbers, expected) = Self.cases[index]
        var tracker = SequenceTracker()
        #expect(numbers.map { tracker.arrive($0).arrival } == expected, "\(name)")
    }

    @Test func arrivals_AreSaidInTheEventsWords() {
        let arrivals: [Arrival] = [.first, .next, .duplicate, .late, .restart, .gap(1...2)]
        #expect(arrivals.map { FrameArrival($0) } == [.first, .next, .duplicate, .late, .restart, .gap])
        #expect(Set(FrameArrival.allCases.map(\.rawValue)) == Set(JournalRecord.Arrival.allCases.map(\.rawValue)))
    }

    @Test func framesWithoutNumber_AreCounted() {
        var tracker = SequenceTracker()
        #expect([nil, nil, 7, nil].map { tracker.arrive($0).sequence } == [0, 1, 7, 8])
    }

    /// RELIABILITY's invariant, for any losses, duplicates and late frames within one count.
    @Test(arguments: 0..<20) func receivedAndMissing_MakeTheWholeRow(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var tracker = SequenceTracker()
        var counters = FrameCounts()
        var row: [UInt64] = []
        for number in UInt64(100)..<400 where number == 100 || number == 399 || Int.random(in: 0..<4, using: &generator) > 0 {
            row.append(number)
            if Int.random(in: 0..<20, using: &generator) == 0 { row.append(number) }
        }
        for index in stride(from: 10, to: row.count - 10, by: 15) where Bool.random(using: &generator) {
            row.swapAt(index, index + 1)
        }
        for number in row {
            counters.received += 1
            counters.count(tracker.arrive(number).arrival)
        }
        #expect(counters.restarts == 0)
        #expect(counters.received - counters.late - counters.duplicates + counters.missing == 300)
    }
}
