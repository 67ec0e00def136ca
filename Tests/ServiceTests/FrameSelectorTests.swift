import Inspection
import Streaming
import Testing
@testable import Service

struct FrameSelectorTests {
    /// What is picked and dropped of frames whose verdicts are given by a letter: p, r, f or u; their cameras by its case.
    private func selected(_ verdicts: String, _ selection: RecordingSettings.Selection) -> (picked: [UInt64], dropped: Set<UInt64>) {
        var selector = FrameSelector(selection), picked: [UInt64] = [], dropped: Set<UInt64> = []
        for (number, letter) in verdicts.enumerated() {
            let verdict: Verdict = switch letter.lowercased() {
            case "p": .pass
            case "r": .review
            case "f": .fail
            default: .uninspected
            }
            let event = VerdictEvent(
                seq: UInt64(number), epoch: "", camera: letter.isUppercase ? "b" : "a", sequence: UInt64(number), receivedUTCNs: 0, publishedUTCNs: 0,
                verdict: verdict, reason: verdict == .uninspected ? .overload : nil, model: "", build: "")
            selector.take(JudgedFrame(frame: nil, event: event), pick: { picked.append($0.event.seq) }, drop: { dropped.insert($0.event.seq) })
        }
        selector.finish { dropped.insert($0.event.seq) }
        return (picked, dropped)
    }

    @Test func all_TakesAll() {
        #expect(selected("ppfPu", .all).picked == [0, 1, 2, 3, 4])
    }

    @Test func failures_BringTheirNeighboursOfTheSameCamera() {
        let (picked, dropped) = selected("ppppfppppP", .failures(before: 2, after: 1))
        #expect(picked == [2, 3, 4, 5] && dropped == [0, 1, 6, 7, 8, 9])
        #expect(selected("pPpPfP", .failures(before: 1, after: 1)).picked == [2, 4])
        // What did not pass for whatever reason; neighbours of two are not taken twice.
        #expect(selected("prpupp", .failures(before: 1, after: 1)).picked == [0, 1, 2, 3, 4])
        #expect(selected("pfp", .failures(before: 0, after: 0)).picked == [1])
    }

    @Test(arguments: 0..<20) func everyFrame_IsPickedOrDroppedOnce(_ seed: UInt64) {
        var state = seed &* 2_654_435_761 &+ 1
        let verdicts = String((0..<200).map { _ -> Character in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Array("ppppppPPPfFrRu")[Int(state >> 33) % 14]
        })
        for selection in [RecordingSettings.Selection.all, .failures(before: 3, after: 2), .sampled(every: 7)] {
            let (picked, dropped) = selected(verdicts, selection)
            #expect(Set(picked).count == picked.count && dropped.isDisjoint(with: picked) && dropped.count + picked.count == 200)
        }
    }

    @Test func sampled_TakesEveryNthOfEachCamera() {
        #expect(selected("ppPpPpppPf", .sampled(every: 3)).picked == [0, 2, 5, 9])
        #expect(selected("ppp", .sampled(every: 1)).picked == [0, 1, 2])
    }
}
