import Imaging

/// One pass over a mask's logits at the picture's pixels: the mask, its box, and how stable it is.
struct MaskScan {
    /// Logits above 0, at the size of what is displayed.
    private(set) var mask = BinaryMask()
    private(set) var area = 0
    /// nil for an empty mask.
    private(set) var box: MaskBox?
    /// Pixels above the offset, and above its negative.
    private var core = 0
    private var reach = 0

    /// IoU of the masks cut `offset` above and below 0, one of which contains the other (`calculate_stability_score`);
    /// 0 where both are empty.
    var stability: Float { reach == 0 ? 0 : Float(core) / Float(reach) }

    mutating func run(over logits: LogitMap, size: PixelSize, offset: Float) {
        mask.reset(width: size.width, height: size.height)
        var area = 0, core = 0, reach = 0, box: MaskBox?
        mask.pixels.withUnsafeMutableBufferPointer { pixels in
            logits.forEachRow(at: size) { y, row in
                let target = UnsafeMutableBufferPointer(rebasing: pixels[y * size.width..<(y + 1) * size.width])
                var inside: Int32 = 0, high: Int32 = 0, low: Int32 = 0
                for x in 0..<row.count {
                    let logit = row[x]
                    target[x] = logit > 0 ? 1 : 0
                    inside &+= logit > 0 ? 1 : 0
                    high &+= logit > offset ? 1 : 0
                    low &+= logit > -offset ? 1 : 0
                }
                core += Int(high)
                reach += Int(low)
                guard inside > 0, let first = target.firstIndex(of: 1), let last = target.lastIndex(of: 1) else { return }
                area += Int(inside)
                var grown = box ?? MaskBox(left: first, top: y, right: last, bottom: y)
                grown.left = min(grown.left, first)
                grown.right = max(grown.right, last)
                grown.bottom = y
                box = grown
            }
        }
        (self.area, self.core, self.reach, self.box) = (area, core, reach, box)
    }

    /// The box of a finished mask.
    static func box(of mask: BinaryMask) -> MaskBox? {
        var box: MaskBox?
        mask.pixels.withUnsafeBufferPointer { pixels in
            for y in 0..<mask.height {
                let row = UnsafeBufferPointer(rebasing: pixels[y * mask.width..<(y + 1) * mask.width])
                guard let first = row.firstIndex(of: 1), let last = row.lastIndex(of: 1) else { continue }
                let left = min(box?.left ?? first, first), right = max(box?.right ?? last, last)
                box = MaskBox(left: left, top: box?.top ?? y, right: right, bottom: y)
            }
        }
        return box
    }
}
