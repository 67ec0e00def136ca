/// Levenshtein's distance with transpositions of neighbours (optimal string alignment), over Unicode scalars.
///
/// Only used between a mistyped key and the known ones; `lhs` is cut to 64 scalars so that a hostile key costs nothing.
func editDistance(_ lhs: String, _ rhs: String) -> Int {
    let a = Array(lhs.unicodeScalars.prefix(64)), b = Array(rhs.unicodeScalars.prefix(64))
    var beforeLast = [Int](), last = Array(0...b.count)
    for i in 0..<a.count {
        var row = [i + 1]
        for j in 0..<b.count {
            var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
            row.append(best)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}

/// The candidate that a mistyped word most likely meant; nil when none is near enough to be worth naming.
func nearest(to word: String, among candidates: [String]) -> String? {
    let lowered = word.lowercased()
    return candidates
        .map { (distance: editDistance(lowered, $0), candidate: $0) }
        .filter { $0.distance <= max(2, $0.candidate.count / 2) }
        .min { $0.distance < $1.distance }?
        .candidate
}
