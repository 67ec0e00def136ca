// Small steps between layers, which take part in the way back.
extension Workspace {
    /// y ← a + b; y may be a. Of the same shape, or b one row that stands for all.
    public func sum(_ a: Tensor, _ b: Tensor, into y: Tensor) {
        let columns = a.columns
        precondition(y.count == a.count && (b.count == a.count || b.rows == 1 && b.columns == columns))
        parallelRows(a.rows, tile: productTileRows) { rows, _ in
            let start = rows.lowerBound * columns
            if b.count == a.count {
                add(a.pointer + start, b.pointer + start, into: y.pointer + start, count: rows.count * columns)
            } else {
                addRow(a.pointer + start, b.pointer, rows: rows.count, columns: columns, into: y.pointer + start)
            }
        }
        guard let tape else { return }
        let dy = tape.gradient(of: y), da = tape.gradient(of: a), isInPlace = y.pointer == a.pointer
        let db = tape.parameters.gradient(of: b) ?? tape.gradient(of: b)
        tape.record { _ in
            if b.count == a.count {
                add(db.pointer, dy.pointer, into: db.pointer, count: dy.count)
            } else {
                addColumnSums(dy, to: db)
            }
            guard !isInPlace else { return }
            add(da.pointer, dy.pointer, into: da.pointer, count: dy.count)
            dy.fill(0)
        }
    }

    /// y ← x
    public func copy(_ x: Tensor, into y: Tensor) {
        y.copy(from: x)
        guard let tape else { return }
        let dy = tape.gradient(of: y), dx = tape.parameters.gradient(of: x) ?? tape.gradient(of: x)
        tape.record { _ in
            add(dx.pointer, dy.pointer, into: dx.pointer, count: dy.count)
            dy.fill(0)
        }
    }
}

extension LayerNorm {
    /// In place on a few rows.
    public func callAsFunction(_ x: Tensor, in workspace: Workspace) {
        let tape = workspace.tape, before = tape?.keep(x)
        self(x.pointer, rows: x.rows)
        guard let tape, let before else { return }
        let dx = tape.gradient(of: x)
        tape.record { backward(before, dy: dx, on: tape, in: $0) }
    }
}
