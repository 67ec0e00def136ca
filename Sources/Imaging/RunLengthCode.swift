/// A mask in COCO's compressed run-length form, as pycocotools reads and writes it.
///
/// The pixels are taken column by column, from top to bottom; the runs alternate between outside and inside and begin
/// with outside (possibly 0 long). From the fourth on, a run is written as its difference to the one two before. A
/// number is cut into groups of 5 bits, the lowest first, in two's complement; each group becomes one character, its
/// value plus 48, with bit 0x20 set when more follow. The last group's bit 0x10 is the sign.
public struct RunLengthCode: Equatable, Hashable, Sendable {
    /// The frame's size. In JSON `size` is `[height, width]`.
    public let size: PixelSize
    public let counts: String

    /// A code from elsewhere, as it came; `mask` and `area` check it.
    public init(size: PixelSize, counts: String) {
        self.size = size
        self.counts = counts
    }

    public init(_ mask: BinaryMask) {
        self.init(mask, atX: 0, y: 0, in: mask.size)
    }

    /// A mask whose left top corner lies at (`x`, `y`) of a frame, as the whole frame's code. The frame is not
    /// allocated; what of the mask falls outside is left out.
    public init(_ mask: BinaryMask, atX x: Int, y: Int, in frame: PixelSize) {
        var writer = RunWriter(total: frame.area)
        let placed = PixelRect(x: x, y: y, width: mask.width, height: mask.height)
        if let common = placed.clipped(to: frame) {
            let stride = mask.width
            mask.pixels.withUnsafeBufferPointer { pixels in
                precondition(pixels.count == mask.size.area)
                for column in common.x..<common.maxX {
                    let start = column * frame.height
                    var row = common.y
                    while row < common.maxY {
                        guard pixels[(row - y) * stride + column - x] != 0 else {
                            row += 1
                            continue
                        }
                        let top = row
                        while row < common.maxY, pixels[(row - y) * stride + column - x] != 0 { row += 1 }
                        writer.add(from: start + top, to: start + row)
                    }
                }
            }
        }
        self.init(size: frame, counts: writer.finish())
    }

    /// The uncompressed form: alternating runs, column by column, the first outside.
    ///
    /// - Throws: `ImagingError.runLength` for a negative run and for runs that do not cover the frame exactly; `.tooLarge`.
    public init(size: PixelSize, runs: [Int], limits: ImageLimits = .init()) throws(ImagingError) {
        try limits.check(size)
        let total = size.area
        var writer = RunWriter(total: total), place = 0
        for (index, run) in runs.enumerated() {
            guard run >= 0, run <= total - place else {
                throw .runLength("run \(index + 1) of \(run) pixels is negative or goes past the \(size) pixels of the frame")
            }
            if index % 2 == 1, run > 0 { writer.add(from: place, to: place + run) }
            place += run
        }
        guard place == total else { throw .runLength("the runs cover \(place) of the \(total) pixels of \(size)") }
        self.init(size: size, counts: writer.finish())
    }

    /// Pixels inside.
    /// - Throws: `ImagingError.runLength` or `.tooLarge`, as `mask` does.
    public func area(limits: ImageLimits = .init()) throws(ImagingError) -> Int {
        var area = 0
        try forEachInside(limits: limits) { area += $0.count }
        return area
    }

    /// The mask of the whole frame.
    ///
    /// - Throws: `ImagingError.tooLarge` for a size over the limits, before anything is allocated; `.runLength` for
    ///   characters that are no code, numbers that are cut short, too long or negative, and runs that do not cover
    ///   the frame exactly.
    public func mask(limits: ImageLimits = .init()) throws(ImagingError) -> BinaryMask {
        try limits.check(size)
        let (width, height) = (size.width, size.height)
        var mask = BinaryMask(width: width, height: height)
        try forEachInside(limits: limits) { run in
            var (column, row) = run.lowerBound.quotientAndRemainder(dividingBy: height)
            mask.pixels.withUnsafeMutableBufferPointer { pixels in
                for _ in run {
                    pixels[row * width + column] = 1
                    row += 1
                    if row == height { (column, row) = (column + 1, 0) }
                }
            }
        }
        return mask
    }

    /// Hands the runs inside to `body`, as ranges of places counted column by column.
    func forEachInside(limits: ImageLimits, _ body: (Range<Int>) -> Void) throws(ImagingError) {
        try limits.check(size)
        let total = size.area
        var reader = RunReader(counts)
        var (place, inside) = (0, false)
        while let run = try reader.next() {
            guard run <= total - place else {
                throw .runLength("the runs go past the \(size) pixels of the frame")
            }
            if inside, run > 0 { body(place..<(place + run)) }
            place += run
            inside.toggle()
        }
        guard place == total else {
            throw .runLength("the runs cover \(place) of the \(total) pixels of \(size)")
        }
    }
}

extension RunLengthCode: Codable {
    private enum CodingKeys: String, CodingKey { case size, counts }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let size = try container.decode([Int].self, forKey: .size)
        guard size.count == 2, size[0] >= 0, size[1] >= 0 else {
            throw DecodingError.dataCorruptedError(
                forKey: .size, in: container, debugDescription: "size must be [height, width], both 0 or more")
        }
        self.init(
            size: PixelSize(width: size[1], height: size[0]),
            counts: try container.decode(String.self, forKey: .counts))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode([size.height, size.width], forKey: .size)
        try container.encode(counts, forKey: .counts)
    }
}
