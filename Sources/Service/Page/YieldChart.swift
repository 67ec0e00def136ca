import Inspection

/// Verdicts by five minutes, over the last twelve hours.
struct YieldChart: Sendable {
    static let spanSeconds: Int64 = 300
    static let spans = 144

    struct Span: Sendable, Encodable, Equatable {
        /// When it begins, s since 1970.
        var start: Int64
        var pass = 0
        var review = 0
        var fail = 0
        var uninspected = 0
    }

    /// The newest last; those without a verdict are not there.
    private(set) var spans: [Span] = []

    mutating func count(_ verdict: Verdict, utcNs: Int64) {
        let start = utcNs / (Self.spanSeconds * 1_000_000_000) * Self.spanSeconds
        // A clock that was set back counts on where it was.
        if start > spans.last?.start ?? .min { spans.append(Span(start: start)) }
        spans[spans.count - 1].add(1, verdict)
        drop()
    }

    /// - Parameter earlier: by spans' beginnings.
    mutating func add(_ earlier: [Int64: [String: Int]]) {
        for (start, counts) in earlier {
            let index = spans.firstIndex { $0.start >= start } ?? spans.count
            if index == spans.count || spans[index].start != start { spans.insert(Span(start: start), at: index) }
            for (word, number) in counts { if let verdict = Verdict(rawValue: word) { spans[index].add(number, verdict) } }
        }
        drop()
    }

    private mutating func drop() {
        guard let last = spans.last?.start else { return }
        spans.removeAll { $0.start <= last - Self.spanSeconds * Int64(Self.spans) }
    }
}

extension YieldChart.Span {
    fileprivate mutating func add(_ number: Int, _ verdict: Verdict) {
        switch verdict {
        case .pass: pass += number
        case .review: review += number
        case .fail: fail += number
        case .uninspected: uninspected += number
        }
    }
}
