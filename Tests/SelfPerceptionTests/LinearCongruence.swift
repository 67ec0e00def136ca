/// Numbers that a few lines of any language repeat: Knuth's MMIX generator, the upper 31 bits.
struct LinearCongruence {
    var state: UInt64

    mutating func below(_ count: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % count
    }
}
