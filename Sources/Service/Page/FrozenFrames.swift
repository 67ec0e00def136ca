import Streaming

/// Frames that somebody draws on: they stay while newer ones come. The last few.
final class FrozenFrames: Sendable {
    private static let most = 8

    private struct State {
        var frames: [(id: UInt64, frame: IncomingFrame)] = []
        /// Not from 1: a number that a browser kept over a restart must not be another frame's. Scripts count to 2^53.
        var next = UInt64.random(in: 1..<1 << 52)
    }

    private let state = Monitor(State())

    func keep(_ frame: IncomingFrame) -> UInt64 {
        state.update { state in
            if state.frames.count == Self.most { state.frames.removeFirst() }
            defer { state.next += 1 }
            state.frames.append((state.next, frame))
            return state.next
        }
    }

    func frame(_ id: UInt64) -> IncomingFrame? { state.read { state in state.frames.first { $0.id == id }?.frame } }
}
