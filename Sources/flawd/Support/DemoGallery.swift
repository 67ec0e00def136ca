import Foundation
import Inspection
import SelfPerception
import Service

/// Three overlays worth looking at: the surest catch, the worst mistake (or the closest call), and a good part.
struct DemoGallery {
    private struct Picture {
        var name: String
        var note: String
        var rank: Double
        var jpeg: [UInt8]
    }

    private var caught: Picture?
    private var hardest: Picture?
    private var good: Picture?
    /// The verdict whose overlay comes next.
    private var pending: (event: VerdictEvent, isDefective: Bool)?

    mutating func expect(_ event: VerdictEvent, isDefective: Bool) { pending = (event, isDefective) }

    mutating func take(overlay jpeg: [UInt8]) {
        guard let (event, isDefective) = pending, let score = event.regions.map(\.score).max() else { return }
        pending = nil
        let stopped = event.verdict == .fail || event.verdict == .review
        let note = "\(isDefective ? "defective" : "good"), verdict \(event.verdict.rawValue), score \(fixed(score, 2))"
        func better(_ old: Picture?, _ rank: Double) -> Picture? {
            if let old, old.rank >= rank { return old }
            return Picture(name: event.partID ?? "part", note: note, rank: rank, jpeg: jpeg)
        }
        if isDefective, stopped { caught = better(caught, score) }
        if !isDefective, !stopped { good = better(good, -score) }
        // Mistakes come first; among right verdicts, the ones whose score lies on the wrong side of most others.
        hardest = better(hardest, (isDefective == stopped ? 0 : 10) + (isDefective ? 1 - score : score))
    }

    /// Writes the pictures and says what each shows.
    func write(to folder: URL) throws -> [String] {
        var lines = ["", "overlays to look at:"]
        for (label, picture) in [("caught", caught), ("hardest", hardest), ("good", good)] {
            guard let picture else { continue }
            let url = folder.appendingPathComponent("\(label).jpg")
            try Data(picture.jpeg).write(to: url)
            lines.append("  \(url.relativePath)  \(picture.name): \(picture.note)")
        }
        return lines
    }
}
