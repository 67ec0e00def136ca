extension EvaluationReport {
    /// The whole report, line by line.
    public var markdown: [String] {
        var lines: [String] = []
        for method in methods {
            lines.append("- **\(method.name)**: \(Self.description(of: method))")
        }
        for table in comparison { lines += ["", "## \(table.title)", ""] + table.markdown }
        for set in setNames {
            guard let first = results(of: set).first?.result else { continue }
            lines += ["", "## \(set): \(first.defective) defective, \(first.good) good parts"]
            for table in tables(of: set) { lines += ["", "### \(table.title)", ""] + table.markdown }
        }
        lines.append("")
        lines += notes
        let skipped = skippedFiles
        if !skipped.isEmpty { lines += ["", "Left out:"] + skipped.map { "- \($0)" } }
        return lines
    }

    static func description(of method: MethodResult) -> String {
        let adapter = method.adapter.map { " + \($0)" } ?? ""
        let rate = method.seconds > 0 ? Double(method.pictures) / method.seconds : 0
        let passes = method.hasRefinement ? "" : "; one pass, so refined is draft"
        return "\(method.model)\(adapter), \(method.hash.split(separator: "+").map { $0.prefix(12) }.joined(separator: "+")); \(method.pictures) pictures, \(method.prompts) prompts in \(fixed(method.seconds, 1)) s, \(fixed(rate, 1)) pictures a second\(passes)"
    }

    /// Each file once, although every method met it.
    var skippedFiles: [String] {
        var seen: Set<String> = []
        return methods.flatMap(\.skipped).filter { seen.insert($0).inserted }
    }
}
