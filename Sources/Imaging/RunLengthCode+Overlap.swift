extension RunLengthCode {
    /// Intersection over union of what any of `a` covers and what any of `b` covers; 1 where both are empty.
    ///
    /// Runs are compared as they stand, so nothing of the frame's size is allocated.
    ///
    /// - Parameter size: of the frame that all of them are codes of.
    /// - Throws: `ImagingError.runLength` for a code of another size, and what `area` throws.
    public static func iou(
        _ a: [RunLengthCode], _ b: [RunLengthCode], in size: PixelSize, limits: ImageLimits = .init()
    ) throws(ImagingError) -> Double {
        let first = try covered(by: a, in: size, limits)
        // Mostly nothing changed; the code was read all the same, so that garbage does not agree with itself.
        if a == b { return 1 }
        let second = try covered(by: b, in: size, limits)
        var both = 0, i = 0, j = 0
        while i < first.count, j < second.count {
            both += max(0, min(first[i].upperBound, second[j].upperBound) - max(first[i].lowerBound, second[j].lowerBound))
            if first[i].upperBound < second[j].upperBound { i += 1 } else { j += 1 }
        }
        let either = first.reduce(0) { $0 + $1.count } + second.reduce(0) { $0 + $1.count } - both
        return either == 0 ? 1 : Double(both) / Double(either)
    }

    /// Disjoint ranges of places, counted column by column, in order.
    private static func covered(by codes: [RunLengthCode], in size: PixelSize, _ limits: ImageLimits) throws(ImagingError) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for code in codes {
            guard code.size == size else { throw .runLength("a code of \(code.size) pixels in a frame of \(size)") }
            try code.forEachInside(limits: limits) { runs.append($0) }
        }
        if codes.count > 1 { runs.sort { $0.lowerBound < $1.lowerBound } }
        var merged: [Range<Int>] = []
        for run in runs {
            if let last = merged.last, run.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, run.upperBound)
            } else {
                merged.append(run)
            }
        }
        return merged
    }
}
