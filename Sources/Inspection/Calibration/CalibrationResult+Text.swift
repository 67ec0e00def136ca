import SelfPerception

extension CalibrationResult {
    /// For a person, line by line.
    public var lines: [String] {
        var lines = [
            "camera \(camera), \(regionFile): \(goal.text)",
            "chosen on \(chosenOnDefective) defective and \(chosenOnGood) good frames, held out \(after.defective) and \(after.good) (seed \(seed))",
        ]
        for region in regions {
            lines.append("region \(region.name.quotedForMessage)")
            lines.append("  in the file: \(region.before.text)")
            if let after = region.after { lines.append("  chosen:      \(after.text)") }
            if let remark = region.remark { lines.append("  \(remark)") }
        }
        if outside > 0 {
            lines.append("\(outside) of the held-out defective parts have no defect inside a region: they count as escapes that no limit can stop; do the regions cover what matters?")
        }
        lines.append("held out, in the file: \(before.text)")
        lines.append("held out, chosen:      \(after.text)")
        lines.append(statement)
        if !signs.isEmpty {
            lines.append("does it tell wrong verdicts from right ones? AUROC on the held-out frames (0.5: no)")
            lines += signs.map(\.text)
        }
        return lines
    }

    /// Whether the goal was reached, and what it would take.
    public var statement: String {
        let (errors, total) = goalCounts
        let shown = "\(errors) of \(total) held-out parts: at most \((bound * 100).forMessage)% \(goal.kind.rawValue) at \((goal.confidence * 100).forMessage)% confidence"
        if isShown { return "shown: \(shown)" }
        let kind = goal.kind == .escapes ? "defective" : "good"
        let rate = total == 0 ? 0 : Double(errors) / Double(total)
        let hint = rate > goal.rate
            ? "; \((rate * 100).forMessage)% is above what is wanted, so better limits need a better model or more parts to choose on" : ""
        return "not shown: \(shown); needs \(missing) more \(kind) parts held out, none of them wrong\(hint)"
    }

    /// Errors of the goal's kind, and the parts that could have been.
    var goalCounts: (errors: Int, total: Int) {
        goal.kind == .escapes ? (after.escapes, after.defective) : (after.overkill, after.good)
    }

    /// What the region file says of its limits, a comment a line.
    func comments(date: String, command: String) -> [String] {
        [
            "\(date), \(command), model \(model.prefix(12))",
            "chosen on \(chosenOnDefective) defective and \(chosenOnGood) good frames; held out: \(after.text)",
            statement,
        ]
    }
}

extension CalibrationResult.Values {
    var text: String { "fail_score \(failScore.short), review_score \(reviewScore.short), min_area \(minArea ?? "none")" + (maxArea.map { ", max_area \($0)" } ?? "") }
}

extension CalibrationResult.Errors {
    init(_ verdicts: [(isDefective: Bool, verdict: Verdict)]) {
        func count(_ isDefective: Bool, _ wanted: [Verdict]) -> Int {
            verdicts.count { $0.isDefective == isDefective && wanted.contains($0.verdict) }
        }
        defective = verdicts.count(where: \.isDefective)
        good = verdicts.count - defective
        escapes = count(true, [.pass, .uninspected])
        overkill = count(false, [.fail, .review])
        review = count(false, [.review])
        escapeInterval = BinomialInterval(escapes, of: defective)
        overkillInterval = BinomialInterval(overkill, of: good)
    }

    var text: String {
        func share(_ count: Int, _ total: Int, _ interval: BinomialInterval) -> String {
            "\(count) of \(total) (95%: \((interval.lower * 100).forMessage)–\((interval.upper * 100).forMessage)%)"
        }
        return "escapes \(share(escapes, defective, escapeInterval)), overkill \(share(overkill, good, overkillInterval)), \(review) of them for review"
    }
}
