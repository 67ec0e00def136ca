/// A token set's runs, cut where blocks of keys begin, so that each block has runs of its own. In plain memory: attention
/// asks for them at every query and block.
// @unchecked Sendable: nothing is written after `init`.
final class KeyRuns: @unchecked Sendable {
    private let runs: UnsafeMutableBufferPointer<TokenSet.Run>
    /// Where each block's runs begin; one more entry than blocks.
    private let starts: UnsafeMutableBufferPointer<Int>
    private let blockKeys: Int

    init(_ tokens: TokenSet, blockKeys: Int) {
        self.blockKeys = blockKeys
        var runs: [TokenSet.Run] = [], starts: [Int] = []
        for var run in tokens.runs {
            while run.count > 0 {
                if run.place % blockKeys == 0 { starts.append(runs.count) }
                let count = min(run.count, blockKeys - run.place % blockKeys)
                runs.append(TokenSet.Run(place: run.place, count: count, y: run.y, x: run.x))
                run = TokenSet.Run(place: run.place + count, count: run.count - count, y: run.y, x: run.x + count)
            }
        }
        starts.append(runs.count)
        self.runs = .allocate(capacity: runs.count)
        _ = self.runs.initialize(fromContentsOf: runs)
        self.starts = .allocate(capacity: starts.count)
        _ = self.starts.initialize(fromContentsOf: starts)
    }

    /// The runs of a block of keys.
    @inline(__always)
    subscript(block: Range<Int>) -> UnsafeBufferPointer<TokenSet.Run> {
        let index = block.lowerBound / blockKeys
        return UnsafeBufferPointer(rebasing: UnsafeBufferPointer(runs)[starts[index]..<starts[index + 1]])
    }

    deinit {
        runs.deallocate()
        starts.deallocate()
    }
}
