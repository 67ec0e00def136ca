import COpenBLAS

/// The memory and the cores of one forward pass.
///
/// Activations come from an arena: a stack that grows during the first pass (the plan) and is reused by every later
/// one. Work is split into tiles whose number depends on shapes alone, never on the number of threads, so a result is
/// bit-identical for 1, 2 or 8 threads. One workspace belongs to one worker; it is not thread-safe.
public final class Workspace {
    public let threads: Int
    /// Where layers write down the way back while a model is tuned; nil during inference.
    public var tape: Tape?

    private var arenas: [TensorStorage] = []
    private var position = Position(arena: 0, offset: 0)
    private var scratch: [TensorStorage]
    private let team = WorkerTeam()
    private var isInPass = false

    private struct Position {
        var arena: Int
        var offset: Int
    }

    private static let smallestArena = 1 << 20

    public init(threads: Int) {
        precondition(threads > 0)
        self.threads = threads
        scratch = (0..<threads).map { _ in TensorStorage(count: 0) }
        Processor.prepare()
    }

    /// Bytes held for activations.
    public var plannedBytes: Int {
        (arenas.reduce(0) { $0 + $1.count } + scratch.reduce(0) { $0 + $1.count }) * MemoryLayout<Float>.stride
    }

    // MARK: Memory

    /// An uninitialised tensor that lives until the innermost ``scope(_:)`` ends.
    public func tensor(_ rows: Int, _ columns: Int) -> Tensor {
        let count = (rows * columns + 15) & ~15
        while position.arena < arenas.count {
            let arena = arenas[position.arena]
            if position.offset + count <= arena.count {
                defer { position.offset += count }
                return Tensor(rows: rows, columns: columns, storage: arena, offset: position.offset)
            }
            position = Position(arena: position.arena + 1, offset: 0)
        }
        let arena = TensorStorage(count: max(count, Self.smallestArena))
        arenas.append(arena)
        position = Position(arena: arenas.count - 1, offset: count)
        return Tensor(rows: rows, columns: columns, storage: arena, offset: 0)
    }

    /// Gives back everything that `body` took from the arena.
    public func scope<R>(_ body: () throws -> R) rethrows -> R {
        let mark = position
        defer { position = mark }
        return try body()
    }

    // MARK: Cores

    /// Calls `body(tile, scratch)` once for each tile, on up to ``threads`` cores. `scratch` holds `scratchCount`
    /// floats that no other tile uses meanwhile.
    public func parallel(_ tiles: Int, scratch scratchCount: Int = 0, _ body: (Int, UnsafeMutablePointer<Float>) -> Void) {
        for worker in scratch.indices where scratch[worker].count < scratchCount {
            scratch[worker] = TensorStorage(count: scratchCount)
        }
        guard threads > 1, tiles > 1 else {
            for tile in 0..<tiles { body(tile, scratch[0].base) }
            return
        }
        let areas = scratch
        withoutActuallyEscaping(body) { body in
            if isInPass {
                team.region(tiles) { tile, worker in body(tile, areas[worker].base) }
            } else {
                team.run(threads: threads) { team.region(tiles) { tile, worker in body(tile, areas[worker].base) } }
            }
        }
    }

    /// Keeps the workspace's cores together for all parallel work inside `body`: one forward pass.
    public func pass(_ body: () -> Void) {
        guard threads > 1, !isInPass else { return body() }
        isInPass = true
        team.run(threads: threads, body)
        isInPass = false
    }

    /// Calls `body(rows, scratch)` for consecutive ranges of `tileRows` rows.
    public func parallelRows(
        _ rows: Int, tile tileRows: Int, scratch: Int = 0, _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) {
        parallel((rows + tileRows - 1) / tileRows, scratch: scratch) { tile, area in
            body(tile * tileRows..<min(rows, (tile + 1) * tileRows), area)
        }
    }
}
