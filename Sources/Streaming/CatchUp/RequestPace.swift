/// Keeps one asker from taking all of a catch-up server's time: each may ask so many times a second, and what it asks beyond that waits.
///
/// Askers are told apart by `MessageSlots.sender`, so that connecting anew does not help.
struct RequestPace {
    /// Askers that are remembered, and requests that wait: neither grows by what peers do.
    static let maxAskers = 256, maxWaiting = 64

    typealias Request = RequestSocket.Request

    enum Admission {
        case answerNow, waits
        /// Too many wait already.
        case refused
    }

    private let perSecond: Int
    private var buckets: [String: TokenBucket] = [:]
    private var waiting: [Request] = []

    init(perSecond: Int) { self.perSecond = perSecond }

    /// Askers that are remembered.
    var askers: Int { buckets.count }

    mutating func admit(_ request: Request, now: ContinuousClock.Instant) -> Admission {
        let asker = request.asker
        var bucket = bucket(asker, now)
        if bucket.delay(now: now) == nil, !waiting.contains(where: { $0.asker == asker }) {
            bucket.take(now: now)
            buckets[asker] = bucket
            return .answerNow
        }
        guard waiting.count < Self.maxWaiting else { return .refused }
        waiting.append(request)
        return .waits
    }

    /// The first request whose time has come.
    mutating func next(now: ContinuousClock.Instant) -> Request? {
        for index in waiting.indices {
            let asker = waiting[index].asker
            var bucket = bucket(asker, now)
            guard bucket.delay(now: now) == nil else { continue }
            bucket.take(now: now)
            buckets[asker] = bucket
            return waiting.remove(at: index)
        }
        return nil
    }

    /// How long until a waiting request's time comes; nil: none waits.
    mutating func delay(now: ContinuousClock.Instant) -> Duration? {
        var delays: [Duration] = []
        for request in waiting {
            var bucket = bucket(request.asker, now)
            delays.append(bucket.delay(now: now) ?? .zero)
        }
        return delays.min()
    }

    private mutating func bucket(_ asker: String, _ now: ContinuousClock.Instant) -> TokenBucket {
        if let known = buckets[asker] { return known }
        if buckets.count >= Self.maxAskers {
            // An asker that has not asked for a second is as good as a new one. Where all are busy, one of them gains a second's worth.
            let idle = buckets.first { entry in
                var bucket = entry.value
                return bucket.isFull(now: now)
            }
            if let key = idle?.key ?? buckets.keys.first(where: { key in !waiting.contains { $0.asker == key } }) ?? buckets.keys.first { buckets[key] = nil }
        }
        let bucket = TokenBucket(perSecond: perSecond, now: now)
        buckets[asker] = bucket
        return bucket
    }
}
