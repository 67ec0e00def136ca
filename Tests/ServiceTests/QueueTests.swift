import Testing

@testable import Service

@Suite struct BoundedQueueTests {
    @Test func elements_ComeOutInOrder_AndNilOnceClosedAndDrained() {
        let queue = BoundedQueue<Int>(capacity: 3)
        for element in 1...3 { #expect(queue.push(element) == nil) }
        queue.close()
        #expect([queue.pop(), queue.pop(), queue.pop(), queue.pop()] == [1, 2, 3, nil])
    }

    @Test func overflow_IsGivenBack() {
        let queue = BoundedQueue<Int>(capacity: 1)
        #expect(queue.tryPush(1) == nil)
        #expect(queue.tryPush(2) == 2)
        #expect(queue.count == 1)
    }

    @Test func closedQueue_GivesElementsBack_AndDiscardsOnRequest() {
        let queue = BoundedQueue<Int>(capacity: 3)
        _ = queue.push(1)
        _ = queue.push(2)
        #expect(queue.close(discarding: true) == [1, 2])
        #expect(queue.push(3) == 3)
        #expect(queue.tryPush(4) == 4)
        #expect(queue.pop() == nil)
    }

    @Test func closing_EndsWaitingPushesAndPops() async {
        let full = BoundedQueue<Int>(capacity: 1), empty = BoundedQueue<Int>(capacity: 1)
        _ = full.push(1)
        let push = Task.onThread { full.push(2) }
        let pop = Task.onThread { empty.pop() }
        full.close()
        empty.close()
        #expect(await push.value == 2)
        #expect(await pop.value == nil)
        #expect(full.pop() == 1)
    }

    @Test func everyElement_ArrivesOnce_WithManyThreads() async {
        let queue = BoundedQueue<Int>(capacity: 4)
        let producers = (0..<4).map { p in Task.onThread { for i in 0..<500 { _ = queue.push(p * 500 + i) } } }
        let consumers = (0..<3).map { _ in
            Task.onThread { () -> [Int] in
                var got: [Int] = []
                while let element = queue.pop() { got.append(element) }
                return got
            }
        }
        for producer in producers { await producer.value }
        queue.close()
        var all: [Int] = []
        for consumer in consumers { all += await consumer.value }
        #expect(all.sorted() == Array(0..<2000))
    }
}

@Suite struct FairQueueTests {
    private func drained(_ queue: FairQueue<String>) -> [String] {
        queue.close()
        var all: [String] = []
        while let element = queue.pop() { all.append(element) }
        return all
    }

    @Test func lanes_TakeTurns() {
        let queue = FairQueue<String>(capacityPerLane: 8, policy: .dropOldest)
        for element in ["a1", "a2", "a3", "a4"] { _ = queue.push(element, lane: 0) }
        for element in ["b1", "b2"] { _ = queue.push(element, lane: 1) }
        _ = queue.push("c1", lane: 5)
        #expect(drained(queue) == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"])
    }

    @Test func fullLane_GivesUpItsOwnOldest() {
        let queue = FairQueue<String>(capacityPerLane: 2, policy: .dropOldest)
        _ = queue.push("b1", lane: 1)
        var displaced: [String] = []
        for element in ["a1", "a2", "a3", "a4"] {
            if case .displaced(let oldest) = queue.push(element, lane: 0) { displaced.append(oldest) }
        }
        #expect(displaced == ["a1", "a2"])
        #expect(queue.count == 3)
        #expect(drained(queue) == ["b1", "a3", "a4"])
    }

    @Test func blockedPush_GoesOnWhenItsLaneHasSpace() async {
        let queue = FairQueue<String>(capacityPerLane: 1, policy: .block)
        _ = queue.push("a1", lane: 0)
        let push = Task.onThread { if case .queued = queue.push("a2", lane: 0) { true } else { false } }
        #expect(queue.pop() == "a1")
        #expect(await push.value)
        #expect(drained(queue) == ["a2"])
    }

    @Test func closing_GivesABlockedPushItsElementBack() async {
        let queue = FairQueue<String>(capacityPerLane: 1, policy: .block)
        _ = queue.push("a1", lane: 0)
        let push = Task.onThread { if case .closed("a2") = queue.push("a2", lane: 0) { true } else { false } }
        #expect(queue.close(discarding: true) == ["a1"])
        #expect(await push.value)
        #expect(queue.pop() == nil)
    }
}

/// Limits of time end a wait, and nothing here depends on how long it took.
@Suite struct MonitorTests {
    @Test func timedWait_EndsWithoutAnAnswer_OrWithOne() async {
        let monitor = Monitor(0)
        #expect(monitor.wait(timeoutMs: 0) { $0 > 0 ? $0 : nil } == nil)
        #expect(monitor.wait(timeoutMs: 1) { $0 > 0 ? $0 : nil } == nil)
        #expect(monitor.wait(timeoutMs: -1) { $0 > 0 ? $0 : nil } == nil)
        monitor.update { $0 = 7 }
        #expect(monitor.wait(timeoutMs: 0) { $0 > 0 ? $0 : nil } == 7)
        let waiter = Task.onThread { monitor.wait(timeoutMs: 60_000) { $0 > 7 ? $0 : nil } }
        monitor.update { $0 = 8 }
        #expect(await waiter.value == 8)
    }

    @Test func timedWait_WakesOthers_WithWhatItChanged() async {
        let monitor = Monitor([1, 2])
        let last = Task.onThread { monitor.wait(timeoutMs: 60_000) { $0.isEmpty ? true : nil } }
        for expected in [1, 2] { #expect(monitor.wait(timeoutMs: 60_000) { $0.isEmpty ? nil : $0.removeFirst() } == expected) }
        #expect(await last.value == true)
    }
}

@Suite struct OrdererTests {
    @Test func take_ComesBack_WhenNothingIsReady() {
        let orderer = Orderer<Int, Int>(limitPerLane: 2)
        var batch: [Orderer<Int, Int>.Settled] = []
        #expect(orderer.take(5, timeoutMs: 0, into: &batch) && batch.isEmpty, "there may be more")
        let ticket = orderer.issue(lane: 0, record: 1)
        orderer.close()
        #expect(orderer.take(5, timeoutMs: 1, into: &batch) && batch.isEmpty, "one frame is on its way")
        _ = orderer.settle(ticket, 9)
        #expect(orderer.take(5, timeoutMs: 0, into: &batch) && batch.map(\.outcome) == [9])
        #expect(!orderer.take(5, timeoutMs: 60_000, into: &batch) && batch.count == 1)
    }


    @Test func outcomes_LeaveInTicketOrder_WhateverOrderTheyComeIn() {
        let orderer = Orderer<String, Int>(limitPerLane: 100)
        var generator = SystemRandomNumberGenerator()
        let tickets = (0..<60).map { orderer.issue(lane: $0 % 3, record: "\($0)") }
        for ticket in tickets.shuffled(using: &generator) {
            #expect(orderer.settle(ticket, Int(ticket.number) * 3 + ticket.lane))
        }
        orderer.close()
        var batch: [Orderer<String, Int>.Settled] = []
        while orderer.take(7, timeoutMs: 60_000, into: &batch) {}
        for lane in 0..<3 {
            let row = batch.map(\.outcome).filter { $0 % 3 == lane }
            #expect(row == (0..<20).map { $0 * 3 + lane })
        }
        #expect(batch.allSatisfy { $0.record == "\($0.outcome)" })
        #expect(orderer.outstanding == 0)
    }

    @Test func secondOutcome_IsRefused() {
        let orderer = Orderer<Int, String>(limitPerLane: 4)
        let first = orderer.issue(lane: 0, record: 1), second = orderer.issue(lane: 0, record: 2)
        #expect(orderer.settle(second, "b"))
        #expect(!orderer.settle(second, "again"))
        orderer.settleAll { _ in "given up" }
        #expect(!orderer.settle(first, "too late"))
        orderer.close()
        var batch: [Orderer<Int, String>.Settled] = []
        while orderer.take(10, timeoutMs: 60_000, into: &batch) {}
        #expect(batch.map(\.outcome) == ["given up", "b"])
    }

    @Test func issue_WaitsAtTheLimit_UntilSomethingWasTaken() async {
        let orderer = Orderer<Int, Int>(limitPerLane: 2)
        let first = orderer.issue(lane: 0, record: 1)
        _ = orderer.issue(lane: 0, record: 2)
        let third = Task.onThread { orderer.issue(lane: 0, record: 3) }
        #expect(orderer.issue(lane: 1, record: 9).number == 0)
        _ = orderer.settle(first, 1)
        var batch: [Orderer<Int, Int>.Settled] = []
        #expect(orderer.take(10, timeoutMs: 60_000, into: &batch))
        #expect(await third.value.number == 2)
        #expect(orderer.outstanding == 3)
    }
}
