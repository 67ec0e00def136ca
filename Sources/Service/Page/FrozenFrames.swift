import Streaming

/// Frames that somebody draws on: they stay while newer ones come. The last few.
final class FrozenFrames: Sendable {
    private static let most = 8

    private struct State {
        var frames: [(id: UInt64, frame: IncomingFrame)] = []
        var next: UInt64 = 1
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
