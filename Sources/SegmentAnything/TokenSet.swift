/// Some tokens of a square picture, one behind the other as they come row by row: what a part of a picture is encoded as.
public struct TokenSet: Sendable, Equatable {
    /// Neighbours in one row of the picture, which are neighbours in the set too.
    struct Run: Sendable, Equatable {
        /// Where the first one is in the set, and how many there are.
        var place: Int
        var count: Int
        /// Where the first one is in the picture.
        var y: Int
        var x: Int
    }

    /// Tokens on one side of the picture.
    public let side: Int
    /// How many windows the tokens come from, and how many the picture has.
    public let windows: Int
    public let allWindows: Int
    let runs: [Run]
    /// The picture's token at each place of the set, ascending.
    let tokens: [Int32]
    /// The place of each of the picture's tokens in the set; −1 where it is not in it.
    let places: [Int32]

    public var count: Int { tokens.count }
    /// Of the picture's tokens.
    public var share: Double { Double(count) / Double(places.count) }

    /// The tokens of the windows that are taken.
    init(_ grid: WindowGrid, isTaken: [Bool]) {
        precondition(isTaken.count == grid.count)
        side = grid.side
        windows = isTaken.count { $0 }
        allWindows = isTaken.count
        var runs: [Run] = [], tokens: [Int32] = [], places = [Int32](repeating: -1, count: grid.side * grid.side)
        for token in places.indices where isTaken[grid.window(ofToken: token)] {
            let y = token / grid.side, x = token % grid.side
            if let last = runs.last, last.y == y, last.x + last.count == x {
                runs[runs.count - 1].count += 1
            } else {
                runs.append(Run(place: tokens.count, count: 1, y: y, x: x))
            }
            places[token] = Int32(tokens.count)
            tokens.append(Int32(token))
        }
        self.runs = runs
        self.tokens = tokens
        self.places = places
    }
}
