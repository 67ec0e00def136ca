/// A square picture of tokens cut into square windows; those at the right and lower edge may lie partly outside.
public struct WindowGrid: Sendable {
    /// Tokens on one side of the picture.
    let side: Int
    /// Tokens on one side of a window.
    let window: Int

    /// The part of a window that lies in the picture.
    struct Area {
        /// Its first token's row in the picture's tensor.
        let token: Int
        let rows: Int
        let columns: Int

        var count: Int { rows * columns }
    }

    private var perSide: Int { (side + window - 1) / window }

    /// How many windows there are.
    public var count: Int { perSide * perSide }

    subscript(index: Int) -> Area {
        let top = index / perSide * window, left = index % perSide * window
        return Area(token: top * side + left, rows: min(window, side - top), columns: min(window, side - left))
    }

    func window(ofToken token: Int) -> Int { token / side / window * perSide + token % side / window }
}
