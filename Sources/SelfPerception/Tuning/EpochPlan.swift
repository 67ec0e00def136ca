import Imaging

/// Which pictures one epoch shows, in which order. A function of seed and epoch alone, so that a run that was stopped goes on
/// where it was.
struct EpochPlan {
    struct Entry: Equatable {
        enum Kind: Equatable {
            case defective
            case good
            /// A good picture with defects painted on.
            case painted
            /// A good picture with a defect of a defective one put on.
            case transplanted
        }

        let kind: Kind
        /// Of the defective or of the good samples.
        let index: Int
    }

    let entries: [Entry]

    /// Every defective sample once, and as many good, painted and transplanted ones as their shares ask for; those take turns over
    /// the epochs, so that all are seen. Where no defective sample is to be shown, every good one is, once, in one of those ways.
    init(defective: Int, good: Int, settings: TuningSettings, epoch: Int) {
        var generator = SeededGenerator(seed: settings.seed, stream: 2 + UInt64(epoch) << 8)
        // Below a hundredth, defective pictures are meant to be left out; the sum of two shares may miss 1 by a rounding.
        let shown = settings.goodShare + settings.paintedShare + settings.transplantedShare
        let rest = 1 - shown, real = rest < 0.01 ? 0 : rest
        var goodCount = 0, paintedCount = 0, transplantedCount = 0
        if good > 0 {
            let hasReal = defective > 0 && real > 0
            // So many pictures a unit of share.
            let scale = hasReal ? Double(defective) / real : shown > 0 ? Double(good) / shown : 0
            paintedCount = Int((scale * settings.paintedShare).rounded())
            transplantedCount = Int((scale * settings.transplantedShare).rounded())
            if hasReal {
                goodCount = Int((scale * settings.goodShare).rounded())
            } else {
                transplantedCount = min(transplantedCount, good - paintedCount)
                goodCount = good - paintedCount - transplantedCount
            }
        }
        var entries = real > 0 ? (0..<defective).map { Entry(kind: .defective, index: $0) } : []
        // A shuffled order of all good samples that goes on from epoch to epoch.
        let each = goodCount + paintedCount + transplantedCount
        var known: (round: Int, order: [Int]) = (-1, [])
        for place in 0..<each {
            let overall = epoch * each + place, round = overall / good
            if known.round != round { known = (round, Self.order(good, seed: settings.seed, round: round)) }
            let index = known.order[overall % good]
            let kind: Entry.Kind = place < goodCount ? .good : place < goodCount + paintedCount ? .painted : .transplanted
            entries.append(Entry(kind: kind, index: index))
        }
        entries.shuffle(by: &generator)
        self.entries = entries
    }

    private static func order(_ count: Int, seed: UInt64, round: Int) -> [Int] {
        var generator = SeededGenerator(seed: seed, stream: 3 + UInt64(round) << 8), order = Array(0..<count)
        order.shuffle(by: &generator)
        return order
    }
}

extension Array {
    /// Fisher and Yates's shuffle, spending the generator's numbers the same way everywhere.
    mutating func shuffle(by generator: inout SeededGenerator) {
        guard count > 1 else { return }
        for last in stride(from: count - 1, to: 0, by: -1) {
            swapAt(last, Int(generator.next() % UInt64(last + 1)))
        }
    }
}
