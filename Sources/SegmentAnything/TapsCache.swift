/// Taps of the last few rectangles' sizes: a camera's regions are the same frame after frame. Bounded, since nothing says
/// that they are.
struct TapsCache<Sizes: Hashable, Taps> {
    private let capacity: Int
    private var known: [Sizes: Taps] = [:]

    init(capacity: Int) { self.capacity = capacity }

    mutating func taps(_ sizes: Sizes, make: () -> Taps) -> Taps {
        if let taps = known[sizes] { return taps }
        if known.count >= capacity { known.removeAll(keepingCapacity: true) }
        let made = make()
        known[sizes] = made
        return made
    }
}
