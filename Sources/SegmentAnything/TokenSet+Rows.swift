import Tensor

extension TokenSet {
    /// Takes the set's rows out of a tensor that has one for each of the picture's tokens.
    ///
    /// - Parameters:
    ///   - all: `side² × C`.
    ///   - some: `count × C`, written.
    public func gather(_ all: Tensor, into some: Tensor, in workspace: Workspace) {
        precondition(all.rows == side * side && some.rows == count && some.columns == all.columns)
        let width = all.columns
        workspace.parallel(runs.count) { index, _ in
            let run = runs[index]
            (some.pointer + run.place * width).update(
                from: all.pointer + (run.y * side + run.x) * width, count: run.count * width)
        }
    }
}
