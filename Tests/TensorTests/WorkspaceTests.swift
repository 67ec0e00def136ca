import Synchronization
import Testing
@testable import Tensor

struct WorkspaceTests {
    @Test func scope_ReusesMemory_AndPlansOnce() {
        let workspace = Workspace(threads: 1)
        func pass() -> [UnsafeMutablePointer<Float>] {
            workspace.scope {
                let a = workspace.tensor(1000, 100), b = workspace.tensor(3000, 700)
                let inner = workspace.scope { workspace.tensor(10, 10).pointer }
                return [a.pointer, b.pointer, inner, workspace.tensor(10, 10).pointer]
            }
        }
        let first = pass(), planned = workspace.plannedBytes
        #expect(first[2] == first[3])
        for _ in 0..<5 { #expect(pass() == first) }
        #expect(workspace.plannedBytes == planned)
    }

    @Test func tensors_AreAlignedToCacheLines_AndDisjoint() {
        let workspace = Workspace(threads: 1)
        let tensors = (1...20).map { workspace.tensor($0, 7) }
        for tensor in tensors { #expect(Int(bitPattern: tensor.pointer) % 64 == 0) }
        for (index, tensor) in tensors.enumerated() { tensor.fill(Float(index)) }
        for (index, tensor) in tensors.enumerated() { #expect(tensor.values.allSatisfy { $0 == Float(index) }) }
    }

    @Test(arguments: [1, 2, 8])
    func parallel_RunsEveryTileOnce(_ threads: Int) {
        let workspace = Workspace(threads: threads)
        let calls = (0..<100).map { _ in Counter() }
        workspace.parallel(100, scratch: 16) { tile, scratch in
            for index in 0..<16 { scratch[index] = Float(tile) }
            let undisturbed = (0..<16).allSatisfy { scratch[$0] == Float(tile) }
            calls[tile].value.add(undisturbed ? 1 : 100, ordering: .relaxed)
        }
        #expect(calls.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    }

    @Test(arguments: [1, 2, 8])
    func products_AreBitIdentical_WhateverTheThreads(_ threads: Int) {
        var noise = Noise(31)
        let x = noise.tensor(1000, 96), weight = noise.tensor(70, 96)
        func run(_ threads: Int) -> [Float] {
            let y = Tensor(rows: 1000, columns: 70)
            Linear(weight: weight, bias: nil)(x, activation: .gelu, into: y, in: Workspace(threads: threads))
            return y.values
        }
        #expect(run(threads) == run(3))
    }

    private final class Counter: Sendable { let value = Atomic<Int>(0) }
}
