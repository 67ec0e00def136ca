/// Paces what may happen so many times a second: a second's worth at once, then one after another.
struct TokenBucket: Sendable {
    private let perSecond: Double
    private var tokens: Double
    private var filled: ContinuousClock.Instant

    /// - Parameter perSecond: at least 1.
    init(perSecond: Int, now: ContinuousClock.Instant) {
        self.perSecond = Double(max(1, perSecond))
        tokens = self.perSecond
        filled = now
    }

    /// How long until the next one may happen; nil: it may at once.
    mutating func delay(now: ContinuousClock.Instant) -> Duration? {
        fill(now)
        return tokens >= 1 ? nil : .seconds((1 - tokens) / perSecond)
    }

    /// One happened.
    mutating func take(now: ContinuousClock.Instant) {
        fill(now)
        tokens -= 1
    }

    /// Whether it is as if nothing had happened for a while.
    mutating func isFull(now: ContinuousClock.Instant) -> Bool {
        fill(now)
        return tokens >= perSecond
    }

    private mutating func fill(_ now: ContinuousClock.Instant) {
        tokens = min(perSecond, tokens + max(0, (now - filled) / .seconds(1)) * perSecond)
        filled = max(filled, now)
    }
}
