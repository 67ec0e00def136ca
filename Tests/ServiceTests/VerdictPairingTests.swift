import Inspection
import Testing

@testable import Service

@Suite struct VerdictPairingTests {
    private typealias Pairing = VerdictPairing<Int>

    private static func verdict(_ camera: String, _ sequence: UInt64, hash: String?) -> VerdictEvent {
        VerdictEvent(
            seq: sequence, epoch: "e", camera: camera, sequence: sequence, frameHash: hash, receivedUTCNs: 0, publishedUTCNs: 0,
            verdict: hash == nil ? .uninspected : .pass, reason: hash == nil ? .overload : nil, model: "m", build: "b")
    }

    private static func key(_ camera: String, _ sequence: UInt64?, _ hash: String) -> Pairing.Key { .init(camera: camera, sequence: sequence, hash: hash) }

    private static func drain(_ pairing: inout Pairing) -> [[Int?]] {
        var pairs: [[Int?]] = []
        while let (frame, verdict) = pairing.next() { pairs.append([frame, verdict.map { Int($0.seq) }]) }
        return pairs
    }

    @Test func verdictThatComesLater_IsItsFrames_AndFramesStayInOrder() {
        var pairing = Pairing()
        pairing.add(0, Self.key("a", 7, "x"), bytes: 1)
        pairing.add(1, Self.key("b", 7, "x"), bytes: 1)
        #expect(pairing.next() == nil)
        pairing.add(Self.verdict("b", 7, hash: "x"))
        #expect(Self.drain(&pairing).isEmpty, "frame 0 is before it")
        pairing.add(Self.verdict("a", 7, hash: "x"))
        #expect(Self.drain(&pairing) == [[0, 7], [1, 7]] && pairing.count == 0)
    }

    @Test func verdictThatComesFirst_WaitsForItsFrame() {
        var pairing = Pairing()
        pairing.add(Self.verdict("a", 3, hash: "x"))
        pairing.add(0, Self.key("a", 3, "y"), bytes: 1)
        #expect(pairing.next() == nil, "another picture under the same number")
        pairing.add(1, Self.key("a", 3, "x"), bytes: 1)
        #expect(Self.drain(&pairing) == [[0, nil], [1, 3]])
        #expect(pairing.takeOrphans().isEmpty)
    }

    @Test func laterVerdictOfTheCamera_EndsTheWaitOfEarlierFrames() {
        var pairing = Pairing()
        for number in 0..<4 { pairing.add(number, Self.key("a", UInt64(number), "h\(number)"), bytes: 1) }
        pairing.add(Self.verdict("a", 2, hash: "h2"))
        #expect(Self.drain(&pairing) == [[0, nil], [1, nil], [2, 2]])
        // Too late: it belongs to nothing any more.
        pairing.add(Self.verdict("a", 1, hash: "h1"))
        pairing.add(Self.verdict("a", 3, hash: "h3"))
        #expect(Self.drain(&pairing) == [[3, 3]])
        pairing.finish()
        #expect(pairing.takeOrphans().map(\.sequence) == [1] && pairing.takeOrphans().isEmpty)
    }

    @Test func verdictWithoutAHash_IsFoundByItsNumber() {
        var pairing = Pairing()
        pairing.add(0, Self.key("a", 5, "x"), bytes: 1)
        pairing.add(Self.verdict("a", 5, hash: nil))
        #expect(Self.drain(&pairing) == [[0, 5]])
        // Frames that have no number have nothing else to be found by.
        pairing.add(1, Self.key("bare", nil, "x"), bytes: 1)
        pairing.add(Self.verdict("bare", 0, hash: nil))
        #expect(pairing.next() == nil)
        pairing.add(Self.verdict("bare", 9, hash: "x"))
        #expect(Self.drain(&pairing) == [[1, 9]])
    }

    @Test func samePictureTwice_HasItsVerdictsInOrder() {
        var pairing = Pairing()
        for frame in 0..<2 { pairing.add(frame, Self.key("bare", nil, "x"), bytes: 1) }
        for sequence in [4, 5] as [UInt64] { pairing.add(Self.verdict("bare", sequence, hash: "x")) }
        #expect(Self.drain(&pairing) == [[0, 4], [1, 5]])
    }

    @Test func memoryIsBounded_ByFramesBytesAndVerdicts() {
        var pairing = Pairing(limits: .init(frames: 3, bytes: 100, verdicts: 2))
        for frame in 0..<5 { pairing.add(frame, Self.key("a", UInt64(frame), "x"), bytes: 1) }
        #expect(Self.drain(&pairing) == [[0, nil], [1, nil]] && pairing.count == 3)
        pairing.add(5, Self.key("a", 5, "x"), bytes: 99)
        #expect(Self.drain(&pairing) == [[2, nil], [3, nil]], "100 bytes are left")
        // What was given up is not found, what waits is.
        pairing.add(Self.verdict("a", 2, hash: "x"))
        pairing.add(Self.verdict("a", 5, hash: "x"))
        #expect(Self.drain(&pairing) == [[4, nil], [5, 5]])
        for sequence in 20..<24 as Range<UInt64> { pairing.add(Self.verdict("a", sequence, hash: "x")) }
        #expect(pairing.takeOrphans().map(\.sequence) == [2, 20, 21])
    }

    @Test func cameraWithoutVerdicts_IsNotWaitedFor_AndTheEndSettlesTheRest() {
        var pairing = Pairing()
        pairing.add(0, Self.key("a", 0, "x"), bytes: 1, expectsVerdict: false)
        pairing.add(1, Self.key("b", 0, "x"), bytes: 1)
        #expect(Self.drain(&pairing) == [[0, nil]])
        pairing.finish()
        #expect(Self.drain(&pairing) == [[1, nil]])
    }
}
