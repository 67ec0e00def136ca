import Imaging

/// The plans that have been made, by region file revision, camera and frame size; shared by the workers.
///
/// Bounded: a camera that changes its frame size all the time makes the oldest plan leave, not memory grow.
public final class PlanCache<Plan: Sendable>: Sendable {
    private struct Key: Hashable {
        var revision: String
        var camera: String
        var size: PixelSize
    }

    private struct Entry {
        /// nil is an answer too: no region file entry is meant for the camera.
        var plan: Plan?
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var uses: UInt64 = 0
    }

    private let capacity: Int
    private let state = Monitor(State())

    public init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// The plan for frames of this size, made by `make` the first time.
    public func plan(revision: String, camera: String, size: PixelSize, make: () -> Plan?) -> Plan? {
        let key = Key(revision: revision, camera: camera, size: size)
        let found: Entry? = state.update { state in
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            return state.entries[key]
        }
        if let found { return found.plan }
        // Outside the lock: making a plan draws masks. Two workers may make the same one; either is as good.
        let plan = make()
        state.update { state in
            // Plans of a replaced file are of no use to anybody.
            if !state.entries.keys.contains(where: { $0.revision == revision }) { state.entries.removeAll() }
            if state.entries.count >= capacity, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                state.entries[oldest.key] = nil
            }
            state.entries[key] = Entry(plan: plan, lastUse: state.uses)
        }
        return plan
    }

    public var count: Int { state.read { $0.entries.count } }
}
