import Imaging

/// The score of a region, and of a whole picture: the mean of the highest refined probabilities inside it, at the mask's low
/// resolution. Inspection, evaluation and calibration take it from here.
public enum PeakScore {
    /// So many probabilities; all of them, where there are fewer.
    public static let count = 20

    /// - Parameter cells: indices of `logits`; their highest decide.
    /// - Returns: 0 … 1; 0 without cells.
    public static func of(_ logits: [Float], within cells: [Int32]) -> Double {
        var highest = Highest(capacity: min(count, cells.count))
        logits.withUnsafeBufferPointer { logits in
            for cell in cells { highest.offer(logits[Int(cell)]) }
        }
        return highest.mean
    }

    /// The score of a whole picture: of the cells whose centres lie on it.
    public static func of(_ logits: LogitMap, over picture: PixelSize) -> Double {
        let values = logits.valuesOverPicture(of: picture)
        var highest = Highest(capacity: min(count, values.count))
        for value in values { highest.offer(value) }
        return highest.mean
    }
}

/// The highest few of many logits, in ascending order.
private struct Highest {
    private var values: [Float] = []
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        values.reserveCapacity(capacity + 1)
    }

    mutating func offer(_ value: Float) {
        if values.count == capacity {
            guard let lowest = values.first, value > lowest else { return }
            values.removeFirst()
        }
        let place = values.firstIndex { $0 >= value } ?? values.count
        values.insert(value, at: place)
    }

    /// Of the probabilities.
    var mean: Double {
        values.isEmpty ? 0 : values.reduce(0) { $0 + Double(sigmoid($1)) } / Double(values.count)
    }
}
