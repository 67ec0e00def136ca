/// Something that a worker does with its inspector between two frames.
struct Errand: Sendable {
    /// With nil: the pipeline has ended, and it will not be done.
    let run: @Sendable ((any FrameInspecting)?) -> Void
}

extension Pipeline {
    /// What waits for a worker.
    enum Work: Sendable {
        case frame(Decoded)
        case errand(Errand)
    }

    /// Lets a worker do `body` with its inspector when its turn comes, and waits for what it answers. Frames go on around it: with one worker
    /// they wait as they would for another frame. Not on one of Swift's threads.
    ///
    /// - Returns: nil: the pipeline has ended.
    func withInspector<R: Sendable>(_ body: @escaping @Sendable (any FrameInspecting) -> R) -> R? {
        let answer = Monitor<R??>(nil)
        let errand = Errand { inspector in answer.update { $0 = .some(inspector.map(body)) } }
        if decoded.push(.errand(errand)) != nil { return nil }
        return answer.wait { $0 }
    }
}
