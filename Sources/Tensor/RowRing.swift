/// A few rows of a picture with zero tokens left and right, reused in turn: what a depthwise layer reads while the
/// layer before it is still writing further down.
public struct RowRing {
    static let largestKernel = 7

    /// Pointers to the rows under one output row.
    public typealias Window = UnsafePointer<UnsafePointer<Float>>

    let base: UnsafeMutablePointer<Float>
    let slots: Int
    let width: Int
    let channels: Int
    let padding: Int

    /// Floats that a ring needs, the row of zeros included.
    public static func size(slots: Int, width: Int, channels: Int, padding: Int) -> Int {
        (slots + 1) * (width + 2 * padding) * channels
    }

    /// Clears the padding; rows themselves are written by the caller.
    public init(_ memory: UnsafeMutablePointer<Float>, slots: Int, width: Int, channels: Int, padding: Int) {
        base = memory
        self.slots = slots
        self.width = width
        self.channels = channels
        self.padding = padding
        let side = padding * channels
        for slot in 0..<slots {
            let row = base + slot * rowStride
            row.update(repeating: 0, count: side)
            (row + rowStride - side).update(repeating: 0, count: side)
        }
        (base + slots * rowStride).update(repeating: 0, count: rowStride)
    }

    var rowStride: Int { (width + 2 * padding) * channels }

    /// Where row `y`'s first real token goes.
    public func row(_ y: Int) -> UnsafeMutablePointer<Float> { base + y % slots * rowStride + padding * channels }

    /// Floats of padding between the end of one row and the beginning of the next.
    public var gap: Int { 2 * padding * channels }

    /// How many rows from `y` on follow one another in memory.
    public func contiguousRows(from y: Int) -> Int { slots - y % slots }

    /// Calls `body` with `kernel` rows from `top` on; rows outside `0 ..< height` are zero.
    public func withWindow(top: Int, kernel: Int, height: Int, _ body: (Window) -> Void) {
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: Self.largestKernel) { rows in
            for ky in 0..<kernel {
                let y = top + ky
                let slot = y >= 0 && y < height ? y % slots : slots
                rows.initializeElement(at: ky, to: UnsafePointer(base + slot * rowStride))
            }
            if let first = rows.baseAddress { body(UnsafePointer(first)) }
        }
    }
}
