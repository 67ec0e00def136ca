import Imaging

/// The logits of every pixel of many pictures against their truth, in memory that does not grow with the pictures.
///
/// Logits are counted in bins of 1/1024 from −32 to 32; what lies outside is counted in the outermost ones. Pixels of one
/// bin are ties. Float cannot tell probabilities of logits beyond ±17 from 1 resp. 4e-8. The figures differ from the exact ones by
/// less than 1e-4 wherever logits are spread over more than a few bins.
public struct PixelScores: Sendable {
    static let binsPerLogit: Float = 1024
    static let reach: Float = 32
    static let bins = Int(2 * reach * binsPerLogit)

    /// A region's pixels together weigh this much, whatever its area. A whole number, so that sums do not depend on
    /// the order in which pictures come.
    static let regionWeight: UInt64 = 1 << 40

    /// Pixels of no defect, in good and defective pictures.
    var good = [UInt64](repeating: 0, count: bins)
    var defective = [UInt64](repeating: 0, count: bins)
    /// For each bin the sum over regions of the share of the region that lies in it, in `regionWeight`s.
    var overlap = [UInt64](repeating: 0, count: bins)
    /// Connected parts of the truth (8-connectivity, as in MVTec's evaluation).
    public private(set) var regions = 0
    private var labeller = ComponentLabeller()

    public init() {}

    /// - Parameters:
    ///   - logits: finite; they are resized to the picture bilinearly.
    ///   - truth: at the picture's size; nil for a good part.
    public mutating func add(_ logits: LogitMap, size: PixelSize, truth: BinaryMask?) {
        guard let truth else {
            return good.withUnsafeMutableBufferPointer { good in
                logits.forEachRow(at: size) { _, row in
                    for value in row { good[Self.bin(value)] &+= 1 }
                }
            }
        }
        precondition(truth.size == size)
        let components = labeller.label(truth)
        regions += components.count
        let weights = [0] + components.map { Self.regionWeight / UInt64($0.area) }
        labeller.labels.withUnsafeBufferPointer { labels in
            logits.forEachRow(at: size) { y, row in
                for x in 0..<row.count {
                    let bin = Self.bin(row[x]), label = Int(labels[y * row.count + x])
                    if label == 0 {
                        good[bin] &+= 1
                    } else {
                        defective[bin] &+= 1
                        overlap[bin] &+= weights[label]
                    }
                }
            }
        }
    }

    static func + (a: Self, b: Self) -> Self {
        var sum = a
        for bin in 0..<Self.bins {
            sum.good[bin] += b.good[bin]
            sum.defective[bin] += b.defective[bin]
            sum.overlap[bin] += b.overlap[bin]
        }
        sum.regions += b.regions
        return sum
    }

    @inline(__always)
    private static func bin(_ logit: Float) -> Int {
        Int(min(max((logit + reach) * binsPerLogit, 0), Float(bins - 1)))
    }
}
