// The text form of a run-length code, number by number (the format is described at `RunLengthCode`).

/// Writes alternating runs.
struct RunWriter {
    private let total: Int
    private var text: [UInt8] = []
    private var written = 0
    /// The run before the last, which the next is held against, and the last.
    private var beforeLast = 0
    private var last = 0
    /// The run of inside pixels that is still growing.
    private var open = 0..<0
    /// Where the last written run ended.
    private var end = 0

    /// - Parameter total: the places of the whole frame.
    init(total: Int) { self.total = total }

    /// Adds inside places; ranges come in order, neither empty nor overlapping.
    mutating func add(from start: Int, to end: Int) {
        if start == open.upperBound, !open.isEmpty {
            open = open.lowerBound..<end
        } else {
            flush()
            open = start..<end
        }
    }

    mutating func finish() -> String {
        flush()
        if end < total || written == 0 { write(total - end) }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func flush() {
        guard !open.isEmpty else { return }
        write(open.lowerBound - end)
        write(open.count)
        end = open.upperBound
        open = end..<end
    }

    private mutating func write(_ run: Int) {
        var value = written > 2 ? run - beforeLast : run
        (beforeLast, last) = (last, run)
        written += 1
        while true {
            let group = UInt8(truncatingIfNeeded: value & 0x1F)
            value >>= 5
            // Done when what is left is only the sign that the group's top bit already shows.
            if value == (group & 0x10 == 0 ? 0 : -1) {
                text.append(group + 48)
                return
            }
            text.append((group | 0x20) + 48)
        }
    }
}

/// Reads runs, trusting nothing.
struct RunReader {
    private var text: String.UTF8View.Iterator
    private var read = 0
    private var offset = 0
    private var beforeLast = 0
    private var last = 0

    init(_ text: String) { self.text = text.utf8.makeIterator() }

    /// The next run, or nil at the end.
    mutating func next() throws(ImagingError) -> Int? {
        guard let difference = try number() else { return nil }
        // Both are below 2^50, so nothing overflows.
        let run = read > 2 ? difference + beforeLast : difference
        guard run >= 0, run < Self.most else {
            throw .runLength("run \(read + 1) is \(run) pixels long")
        }
        (beforeLast, last) = (last, run)
        read += 1
        return run
    }

    private static let most = 1 << 50

    private mutating func number() throws(ImagingError) -> Int? {
        var (value, shift) = (0, 0)
        while let character = text.next() {
            offset += 1
            guard (48..<112).contains(character) else {
                throw .runLength("character \(offset) is not one of '0' to 'o'")
            }
            // Ten groups hold any number a real mask needs.
            guard shift < 50 else { throw .runLength("the number that ends at character \(offset) is too long") }
            let group = Int(character - 48)
            value |= (group & 0x1F) << shift
            shift += 5
            if group & 0x20 == 0 {
                return group & 0x10 == 0 ? value : value - (1 << shift)
            }
        }
        if shift > 0 { throw .runLength("the last number is cut short") }
        return nil
    }
}
