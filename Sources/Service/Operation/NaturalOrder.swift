/// `part2` before `part10`: runs of digits compare by their value, everything else byte by byte.
public func naturallyPrecedes(_ a: String, _ b: String) -> Bool {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
        if isDigit(a[i]), isDigit(b[j]) {
            let (m, n) = (number(a, &i), number(b, &j))
            // Without leading zeros, the longer number is the larger one.
            if m.count != n.count { return m.count < n.count }
            if m != n { return m.lexicographicallyPrecedes(n) }
        } else if a[i] != b[j] {
            return a[i] < b[j]
        } else {
            i += 1
            j += 1
        }
    }
    return (a.count - i, a.count) < (b.count - j, b.count)
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

private func number(_ text: [UInt8], _ index: inout Int) -> ArraySlice<UInt8> {
    let start = index
    while index < text.count, isDigit(text[index]) { index += 1 }
    return text[start..<index].drop { $0 == UInt8(ascii: "0") }
}
