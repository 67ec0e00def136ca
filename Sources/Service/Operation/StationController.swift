import Streaming

/// Does what people ask of a running flawd, whichever way they ask.
struct StationController: Sendable {
    let reloader: ConfigurationReloader
    let golden: GoldenKeeper
    let station: Station

    /// May take seconds: not on one of Swift's threads.
    func execute(_ command: ControlCommand) -> ControlAnswer {
        var answer: ControlAnswer
        switch command {
        case .reload:
            let outcome = reloader.reload()
            answer = ControlAnswer(ok: outcome.isInForce, detail: outcome.detail)
        case .reloadLater:
            reloader.reloadLater()
            answer = ControlAnswer(ok: true, detail: "the configuration is being read again")
        case .golden:
            if let report = golden.inspectNow() {
                answer = ControlAnswer(ok: report.isRight, detail: report.summary)
            } else {
                answer = ControlAnswer(ok: false, detail: "no golden samples: the configuration's golden: names them")
            }
        case .acknowledge:
            answer = ControlAnswer(ok: true, detail: station.acknowledge().map { "acknowledged: \($0)" } ?? "nothing was halted")
        case .state:
            answer = ControlAnswer(ok: true, detail: station.report.detail)
        }
        answer.state = station.report.state.rawValue
        return answer
    }
}
