import Testing
@testable import SelfPerception

struct EpochPlanTests {
    func plan(defective: Int, good: Int, epoch: Int, _ change: (inout TuningSettings) -> Void = { _ in }) -> [EpochPlan.Entry] {
        var settings = TuningSettings()
        change(&settings)
        return EpochPlan(defective: defective, good: good, settings: settings, epoch: epoch).entries
    }

    @Test func epoch_ShowsEveryDefectOnce_AndGoodPartsByTheirShare() {
        let entries = plan(defective: 30, good: 100, epoch: 0)
        #expect(entries.filter { $0.kind == .defective }.map(\.index).sorted() == Array(0..<30))
        // A quarter of all: ten to thirty.
        #expect(entries.filter { $0.kind == .good }.count == 10)
        #expect(entries.map(\.index) != entries.map(\.index).sorted())
    }

    @Test func goodParts_TakeTurns_UntilAllWereShown() {
        let shown = (0..<10).flatMap { plan(defective: 30, good: 100, epoch: $0) }.filter { $0.kind == .good }.map(\.index)
        #expect(shown.sorted() == Array(0..<100))
    }

    @Test func epochs_DependOnSeedAndNumberAlone() {
        #expect(plan(defective: 9, good: 9, epoch: 3) == plan(defective: 9, good: 9, epoch: 3))
        #expect(plan(defective: 9, good: 9, epoch: 3) != plan(defective: 9, good: 9, epoch: 4))
        #expect(plan(defective: 9, good: 9, epoch: 3) != plan(defective: 9, good: 9, epoch: 3) { $0.seed = 2 })
    }

    @Test func goodPartsAlone_AreAllPainted_WhenAskedFor() {
        let entries = plan(defective: 0, good: 12, epoch: 0) {
            $0.paintedShare = 1
            $0.goodShare = 0
        }
        #expect(entries.count == 12 && entries.allSatisfy { $0.kind == .painted })
        let mixed = plan(defective: 0, good: 12, epoch: 0) {
            $0.paintedShare = 0.5
            $0.goodShare = 0.25
        }
        #expect(mixed.filter { $0.kind == .painted }.count == 8 && mixed.filter { $0.kind == .good }.count == 4)
    }

    @Test func sharesThatMissOneByARounding_LeaveDefectivePicturesOut() {
        let entries = plan(defective: 5, good: 10, epoch: 0) {
            $0.goodShare = 0.7
            $0.paintedShare = 0.3
        }
        #expect(entries.count == 10 && !entries.contains { $0.kind == .defective })
    }

    @Test func transplants_HaveTheirShare_WithAndWithoutDefectivePictures() {
        let beside = plan(defective: 30, good: 100, epoch: 0) {
            $0.goodShare = 0.2
            $0.transplantedShare = 0.5
        }
        #expect(beside.filter { $0.kind == .defective }.count == 30 && beside.filter { $0.kind == .good }.count == 20)
        let transplanted = beside.filter { $0.kind == .transplanted }.map(\.index)
        #expect(transplanted.count == 50 && Set(transplanted).count == 50)
        let instead = plan(defective: 30, good: 100, epoch: 0) {
            $0.goodShare = 0.5
            $0.paintedShare = 0.2
            $0.transplantedShare = 0.3
        }
        #expect([.good, .painted, .transplanted].map { kind in instead.filter { $0.kind == kind }.count } == [50, 20, 30])
    }

    @Test func noGoodParts_AreNeeded() {
        #expect(plan(defective: 5, good: 0, epoch: 0).count == 5)
    }
}
