/// The register tiles of ``Linear``. Every one sums in the same order: bias first, then input after input.
extension Linear {
    /// Where a tile's rows go in y; at most one gap lies between them.
    struct Place {
        private let start: Int
        private let outputs: Int
        private let untilGap: Int
        private let gap: Int

        @inline(__always)
        init(first: Int, line: Int, gap: Int, outputs: Int, column: Int) {
            let lines = first / line
            start = first * outputs + lines * gap + column
            self.outputs = outputs
            untilGap = (lines + 1) * line - first
            self.gap = gap
        }

        @inline(__always)
        func index(_ row: Int) -> Int { start + row * outputs + (row >= untilGap ? gap : 0) }
    }

    /// 6 rows × 16 outputs. `begin(index in y)` is what the sums of a row begin with.
    @inline(__always)
    static func tile(
        _ x: UnsafePointer<Float>, _ stride: Int, _ count: Int, _ weights: UnsafePointer<Float>,
        _ y: UnsafeMutablePointer<Float>, _ at: Place,
        begin: (Int) -> (Float8, Float8), finish: (Float8, Int) -> Float8
    ) {
        var (a00, a01) = begin(at.index(0)), (a10, a11) = begin(at.index(1)), (a20, a21) = begin(at.index(2))
        var (a30, a31) = begin(at.index(3)), (a40, a41) = begin(at.index(4)), (a50, a51) = begin(at.index(5))
        let x1 = x + stride, x2 = x + 2 * stride, x3 = x + 3 * stride, x4 = x + 4 * stride, x5 = x + 5 * stride
        var panel = weights
        for i in 0..<count {
            let w0 = panel.load8(0), w1 = panel.load8(8)
            panel += 16
            let c0 = Float8(repeating: x[i]), c1 = Float8(repeating: x1[i]), c2 = Float8(repeating: x2[i])
            a00.addProduct(c0, w0)
            a01.addProduct(c0, w1)
            a10.addProduct(c1, w0)
            a11.addProduct(c1, w1)
            a20.addProduct(c2, w0)
            a21.addProduct(c2, w1)
            let c3 = Float8(repeating: x3[i]), c4 = Float8(repeating: x4[i]), c5 = Float8(repeating: x5[i])
            a30.addProduct(c3, w0)
            a31.addProduct(c3, w1)
            a40.addProduct(c4, w0)
            a41.addProduct(c4, w1)
            a50.addProduct(c5, w0)
            a51.addProduct(c5, w1)
        }
        @inline(__always) func store(_ low: Float8, _ high: Float8, _ row: Int) {
            let place = at.index(row)
            y.store8(finish(low, place), place)
            y.store8(finish(high, place + 8), place + 8)
        }
        store(a00, a01, 0)
        store(a10, a11, 1)
        store(a20, a21, 2)
        store(a30, a31, 3)
        store(a40, a41, 4)
        store(a50, a51, 5)
    }

    /// 12 rows × 8 outputs, for a last panel that is half full.
    @inline(__always)
    static func narrowTile(
        _ x: UnsafePointer<Float>, _ stride: Int, _ count: Int, _ weights: UnsafePointer<Float>,
        _ bias: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ at: Place,
        _ finish: (Float8, Int) -> Float8
    ) {
        let b = bias.load8(0)
        var a0 = b, a1 = b, a2 = b, a3 = b, a4 = b, a5 = b, a6 = b, a7 = b, a8 = b, a9 = b, a10 = b, a11 = b
        let x6 = x + 6 * stride
        var panel = weights
        for i in 0..<count {
            let w = panel.load8(0)
            panel += 16
            a0.addProduct(Float8(repeating: x[i]), w)
            a1.addProduct(Float8(repeating: x[i + stride]), w)
            a2.addProduct(Float8(repeating: x[i + 2 * stride]), w)
            a3.addProduct(Float8(repeating: x[i + 3 * stride]), w)
            a4.addProduct(Float8(repeating: x[i + 4 * stride]), w)
            a5.addProduct(Float8(repeating: x[i + 5 * stride]), w)
            a6.addProduct(Float8(repeating: x6[i]), w)
            a7.addProduct(Float8(repeating: x6[i + stride]), w)
            a8.addProduct(Float8(repeating: x6[i + 2 * stride]), w)
            a9.addProduct(Float8(repeating: x6[i + 3 * stride]), w)
            a10.addProduct(Float8(repeating: x6[i + 4 * stride]), w)
            a11.addProduct(Float8(repeating: x6[i + 5 * stride]), w)
        }
        @inline(__always) func store(_ value: Float8, _ row: Int) {
            let place = at.index(row)
            y.store8(finish(value, place), place)
        }
        store(a0, 0)
        store(a1, 1)
        store(a2, 2)
        store(a3, 3)
        store(a4, 4)
        store(a5, 5)
        store(a6, 6)
        store(a7, 7)
        store(a8, 8)
        store(a9, 9)
        store(a10, 10)
        store(a11, 11)
    }

    /// One row × 16 outputs.
    @inline(__always)
    static func line(
        _ x: UnsafePointer<Float>, _ count: Int, _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>
    ) -> (Float8, Float8) {
        var a = bias.load8(0), b = bias.load8(8)
        for i in 0..<count {
            let c = Float8(repeating: x[i])
            a.addProduct(c, weights.load8(16 * i))
            b.addProduct(c, weights.load8(16 * i + 8))
        }
        return (a, b)
    }
}
