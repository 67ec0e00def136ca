/// The steps that a frame's time is told by, in their order.
public enum FrameStage: String, CaseIterable, Sendable {
    /// Waiting for a decoder and then for a worker.
    case queue
    case decode, encode, prompt, measure
    /// From the end of inspection until its turn came: waiting for the camera's earlier frames.
    case order
    /// The journal, and the socket.
    case commit

    /// `allCases`, which makes an array each time, made once.
    static let all = allCases

    /// Its place in `all`.
    var index: Int {
        switch self {
        case .queue: 0
        case .decode: 1
        case .encode: 2
        case .prompt: 3
        case .measure: 4
        case .order: 5
        case .commit: 6
        }
    }
}

extension FrameTimes {
    /// nil: the frame never came that far.
    ///
    /// - Parameters:
    ///   - composedNs: when its event was written.
    ///   - doneNs: when that was committed and given to the socket.
    func duration(of stage: FrameStage, composedNs: Int64, doneNs: Int64) -> Int64? {
        switch stage {
        case .queue: queue
        case .decode: decode
        case .encode: encode
        case .prompt: prompt
        case .measure: measure
        case .order: inspectedAt.map { composedNs - $0 }
        case .commit: doneNs - composedNs
        }
    }

    /// The model's share.
    var modelNs: Int64 { (encode ?? 0) + (prompt ?? 0) }
}
