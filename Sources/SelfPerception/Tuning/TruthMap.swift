import Imaging

/// What a mask should be: 0…1 over the model's input, at a size of its own.
public struct TruthMap: Sendable {
    public let size: PixelSize
    public let values: [Float]

    public init(size: PixelSize, values: [Float]) {
        precondition(values.count == size.area)
        self.size = size
        self.values = values
    }

    /// Bilinearly.
    func value(at point: SamplePoint) -> Float {
        values.withUnsafeBufferPointer { values in values.baseAddress.map { BilinearSample(point, size).value(of: $0) } ?? 0 }
    }

    /// The truth at the middle of each of another map's cells, row by row.
    func atCells(of other: PixelSize) -> [Float] {
        (0..<other.area).map { cell in
            let x = Float(cell % other.width) + 0.5, y = Float(cell / other.width) + 0.5
            return value(at: SamplePoint(x: x / Float(other.width), y: y / Float(other.height)))
        }
    }

    /// Of a mask (logit > 0) of `size` and this truth; nil where both are empty.
    func iou(of logits: UnsafePointer<Float>, size: PixelSize) -> Double? {
        var common = 0, either = 0
        for (cell, value) in atCells(of: size).enumerated() {
            let isFound = logits[cell] > 0, isTrue = value > 0.5
            if isFound && isTrue { common += 1 }
            if isFound || isTrue { either += 1 }
        }
        return either == 0 ? nil : Double(common) / Double(either)
    }
}
