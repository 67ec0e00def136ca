extension PixelScores {
    public var defectivePixels: UInt64 { defective.reduce(0, +) }
    public var goodPixels: UInt64 { good.reduce(0, +) }

    /// The chance that a pixel of a defect has a higher logit than one of no defect, ties counting half; nil without pixels of a kind.
    public var auroc: Double? {
        let pairs = Double(defectivePixels) * Double(goodPixels)
        guard pairs > 0 else { return nil }
        var wins = 0.0, below = 0.0
        for bin in 0..<Self.bins {
            wins += Double(defective[bin]) * (below + 0.5 * Double(good[bin]))
            below += Double(good[bin])
        }
        return wins / pairs
    }

    /// The highest F1 of "pixel of a defect" that any limit reaches, with that limit as a logit; nil without such pixels.
    public var bestF1: (value: Double, logit: Double)? {
        let total = Double(defectivePixels)
        guard total > 0 else { return nil }
        var best = (value: 0.0, logit: 0.0), caught = 0.0, overkill = 0.0
        for bin in (0..<Self.bins).reversed() where good[bin] + defective[bin] > 0 {
            caught += Double(defective[bin])
            overkill += Double(good[bin])
            let value = 2 * caught / (caught + overkill + total)
            if value > best.value { best = (value, Double(Float(bin) / Self.binsPerLogit - Self.reach)) }
        }
        return best
    }

    /// The area under the curve of per-region overlap over false positive rate, up to a rate, divided by that rate (Bergmann
    /// et al., "The MVTec Anomaly Detection Dataset", IJCV 2021, section 4.2): AUPRO(0.3) by default.
    ///
    /// At every limit the overlap is the share of each region that is found, averaged over all regions of all pictures alike, and
    /// the rate is the share of all pixels outside regions that are found. The curve starts at (0, 0), its points are joined by
    /// straight lines, and the last line is cut at the rate. nil without regions or pixels outside them.
    public func perRegionOverlapArea(upTo limit: Double = 0.3) -> Double? {
        let pixels = Double(goodPixels)
        guard regions > 0, pixels > 0 else { return nil }
        let whole = Double(Self.regionWeight) * Double(regions)
        var area = 0.0, rate = 0.0, share = 0.0
        for bin in (0..<Self.bins).reversed() where good[bin] + defective[bin] > 0 {
            let nextRate = rate + Double(good[bin]) / pixels, nextShare = share + Double(overlap[bin]) / whole
            if nextRate >= limit {
                let part = (limit - rate) / (nextRate - rate)
                area += (limit - rate) * (share + 0.5 * part * (nextShare - share))
                return area / limit
            }
            area += (nextRate - rate) * 0.5 * (share + nextShare)
            (rate, share) = (nextRate, nextShare)
        }
        // Only what rounding left of the whole, where the limit is 1.
        return (area + (limit - rate) * share) / limit
    }
}
