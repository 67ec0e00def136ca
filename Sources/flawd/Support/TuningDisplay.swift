import Foundation
import SelfPerception
import Service

/// A tuning run on a terminal (one line that changes) or in a log (a line now and then).
final class TuningDisplay {
    private let tuner: Tuner
    private let curves: String
    private let signal: StopSignal
    private var started = Date()
    private var spoken = Date.distantPast
    private var pictures = 0
    /// Running means over some fifty pictures.
    private var loss = 0.0
    private var iou: Double?

    /// - Parameter curves: a file for the run's course as SVG.
    init(_ tuner: Tuner, curves: String, signal: StopSignal) {
        self.tuner = tuner
        self.curves = curves
        self.signal = signal
    }

    func begin() {
        let counts = tuner.counts, settings = tuner.settings
        Terminal.printError("tune: \(settings.target.method.rawValue), \(tuner.trainedCount) numbers; \(counts.defective) defective and \(counts.good) good pictures, \(counts.keptDefective) and \(counts.keptGood) kept aside")
        if counts.keptDefective + counts.keptGood == 0 { Terminal.printError("tune: nothing is kept aside to choose an epoch by; the last one's weights are the result") }
        if !tuner.tunesEncoder { Terminal.printError("tune: the image encoder stays as it is; embeddings are kept") }
        if tuner.resumed != (0, 0) {
            Terminal.printError("tune: goes on after \(tuner.resumed.epochs) epochs and \(tuner.resumed.pictures) pictures")
        }
        started = Date()
    }

    func show(_ progress: Tuner.Progress) throws {
        if signal.isStopped { throw Failure("stopped; the same command goes on from here") }
        switch progress {
        case .before(let validation):
            Terminal.printError("before: " + Self.words(for: validation))
        case .picture(let epoch, let done, let total, let losses):
            pictures += 1
            loss = pictures == 1 ? losses.total : 0.98 * loss + 0.02 * losses.total
            if let iou = losses.iou { self.iou = self.iou.map { 0.98 * $0 + 0.02 * iou } ?? iou }
            let now = Date(), interval = Terminal.errorIsTerminal ? 0.2 : 30
            guard now.timeIntervalSince(spoken) >= interval else { return }
            spoken = now
            let rate = Double(pictures) / max(1e-3, now.timeIntervalSince(started))
            let left = Double((tuner.settings.epochs - epoch) * total + total - done) / rate
            say("tune: epoch \(epoch) of \(tuner.settings.epochs), picture \(done) of \(total), loss \(fixed(loss, 3)), \(iou.map { "IoU \(fixed($0, 3)), " } ?? "")\(fixed(rate, 1)) pictures/s, \(Self.duration(left)) left")
        case .epoch(let summary, let isBest):
            Terminal.progress("")
            var parts = ["draft loss \(fixed(summary.draftLoss, 3))", "refined loss \(fixed(summary.refinedLoss, 3))"]
            if let validation = summary.validation { parts.append(Self.words(for: validation)) }
            Terminal.printError("epoch \(summary.epoch): " + parts.joined(separator: ", ") + (isBest == true ? " (best so far)" : ""))
            writeCurves()
        }
    }

    private static func words(for validation: EpochSummary.Validation) -> String {
        [("draft IoU", validation.draftIoU), ("refined IoU", validation.refinedIoU), ("AUROC", validation.auroc)]
            .compactMap { name, figure in figure.map { "\(name) \(fixed($0, 3))" } }.joined(separator: ", ")
    }

    private func say(_ line: String) {
        if Terminal.errorIsTerminal { Terminal.progress(line) } else { Terminal.printError(line) }
    }

    /// After each epoch, so that the curves can be looked at meanwhile, and are there whenever the run ends.
    private func writeCurves() {
        do { try Data(TuningCurves(tuner.history, before: tuner.before).svg.utf8).write(to: URL(fileURLWithPath: curves), options: .atomic) } catch {
            Terminal.printError("tune: the curves cannot be written to \(curves): \(error.localizedDescription)")
        }
    }

    func finish() {
        let best = tuner.history.compactMap { $0.validation?.score }.max()
        if let before = tuner.before?.score, let best, best <= before {
            Terminal.printError("tune: no epoch did better on the pictures kept aside than the model did before; what was written is the best of them")
        }
        Terminal.printError("tune: \(Self.duration(Date().timeIntervalSince(started))); curves in \(curves)")
    }

    private static func duration(_ seconds: Double) -> String {
        let minutes = Int(seconds / 60)
        return minutes >= 60 ? "\(minutes / 60) h \(minutes % 60) min" : minutes > 0 ? "\(minutes) min" : "\(Int(seconds)) s"
    }
}
