/// The way back through a forward pass.
///
/// While ``Workspace/tape`` is set, a layer that ran writes down here how its gradient flows back; without a tape it does
/// nothing more than it did. The gradient of an activation lies beside it: at the same place in a shadow of the memory that
/// holds it. Since layers work in place and memory is used again, a step that undoes "y ← f(x)" takes y's gradient, adds its
/// share to x's, and leaves zeros where y's was; one that undoes "x ← f(x)" replaces it.
public final class Tape {
    public let parameters: ParameterSet
    private var steps: [(Workspace) -> Void] = []
    private var shadows: [ObjectIdentifier: Shadow] = [:]
    private var followed: Set<ObjectIdentifier> = []
    private var kept: [TensorStorage] = []
    private var arena = 0
    private var offset = 0

    private struct Shadow {
        /// Held, so that its identity is not given to another.
        let original: TensorStorage
        let gradient: TensorStorage
        /// What was asked for since it was last cleared: all that can be other than zero.
        var used = 0..<0

        mutating func use(_ range: Range<Int>) {
            used = used.isEmpty ? range : min(used.lowerBound, range.lowerBound)..<max(used.upperBound, range.upperBound)
        }

        mutating func clear() {
            (gradient.base + used.lowerBound).update(repeating: 0, count: used.count)
            used = 0..<0
        }
    }

    private static let smallestArena = 1 << 22

    public init(_ parameters: ParameterSet) { self.parameters = parameters }

    /// Bytes held for kept activations and gradients.
    public var bytes: Int {
        (kept.reduce(0) { $0 + $1.count } + shadows.values.reduce(0) { $0 + $1.gradient.count }) * MemoryLayout<Float>.stride
    }

    /// Writes down a step of the way back. `step` may read what was kept, parameters and nothing that is overwritten before
    /// it runs; it may take memory from the workspace it is given.
    public func record(_ step: @escaping (Workspace) -> Void) { steps.append(step) }

    /// Whether anything that ran so far is trained, or depends on what is. A layer that is frozen itself has to be undone only then;
    /// one that is trained has to say how its input's gradient flows only then.
    public var hasSteps: Bool { !steps.isEmpty }

    /// Memory that lasts until the way back is done; the contents are undefined.
    public func tensor(_ rows: Int, _ columns: Int) -> Tensor {
        let count = (rows * columns + 15) & ~15
        while arena < kept.count {
            if offset + count <= kept[arena].count {
                defer { offset += count }
                return Tensor(rows: rows, columns: columns, storage: kept[arena], offset: offset)
            }
            arena += 1
            offset = 0
        }
        kept.append(TensorStorage(count: max(count, Self.smallestArena)))
        offset = count
        return Tensor(rows: rows, columns: columns, storage: kept[arena], offset: 0)
    }

    /// A copy of what is in `tensor` now.
    public func keep(_ tensor: Tensor) -> Tensor {
        let copy = self.tensor(tensor.rows, tensor.columns)
        copy.copy(from: tensor)
        return copy
    }

    /// The gradient of what lies in `tensor`, of its shape.
    public func gradient(of tensor: Tensor) -> Tensor {
        let known = shadows[tensor.identity]
        var shadow = known ?? Shadow(original: tensor.memory, gradient: TensorStorage(count: tensor.memory.count))
        if known == nil { shadow.gradient.base.update(repeating: 0, count: shadow.gradient.count) }
        shadow.use(tensor.place)
        shadows[tensor.identity] = shadow
        return tensor.moved(to: shadow.gradient)
    }

    /// Says that somebody wants the gradient of `tensor`, which is expensive and else left out.
    public func follow(_ tensor: Tensor) {
        _ = gradient(of: tensor)
        followed.insert(tensor.identity)
    }

    public func isFollowed(_ tensor: Tensor) -> Bool { followed.contains(tensor.identity) }

    /// Walks back through all steps, and forgets them.
    ///
    /// - Parameter workspace: of the forward pass; nothing is recorded meanwhile.
    public func backward(in workspace: Workspace) {
        let tape = workspace.tape
        workspace.tape = nil
        while let step = steps.popLast() { workspace.scope { step(workspace) } }
        parameters.moveFoldedGradients()
        workspace.tape = tape
        reset()
    }

    /// Forgets what was recorded; the memory stays for the next pass.
    public func reset() {
        steps.removeAll(keepingCapacity: true)
        followed.removeAll(keepingCapacity: true)
        arena = 0
        offset = 0
        for key in shadows.keys { shadows[key]?.clear() }
    }
}
