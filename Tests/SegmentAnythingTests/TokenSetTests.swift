import Imaging
import Testing
@testable import SegmentAnything

/// Which tokens a part of a picture becomes. 64×64 tokens in windows of 14 are ViT-B's.
struct TokenSetTests {
    let grid = WindowGrid(side: 64, window: 14)

    private func set(_ rect: PixelRect, on picture: PixelSize, _ resize: ModelConfiguration.Resize = .stretch) -> TokenSet? {
        grid.tokens(of: InputLayout(side: 1024, resize: resize).geometry(of: picture)) { $0.intersection(rect) != nil }
    }

    @Test func aQuarter_TouchesNineWindows_OrSixteen() throws {
        let picture = PixelSize(width: 1024, height: 1024)
        let nine = try #require(set(PixelRect(x: 256, y: 256, width: 512, height: 512), on: picture))
        #expect(nine.windows == 9 && nine.allWindows == 25 && nine.count == 42 * 42)
        let corner = try #require(set(PixelRect(x: 512, y: 512, width: 512, height: 512), on: picture))
        #expect(corner.count == 36 * 36)
        let unlucky = try #require(set(PixelRect(x: 200, y: 200, width: 512, height: 512), on: picture))
        #expect(unlucky.windows == 16 && unlucky.count == 56 * 56)
    }

    @Test func everyWindowOfThePicture_IsTheWholeInput() {
        #expect(set(PixelRect(x: 0, y: 0, width: 640, height: 480), on: PixelSize(width: 640, height: 480)) == nil)
        // The padding belongs to it.
        #expect(set(PixelRect(x: 0, y: 0, width: 640, height: 200), on: PixelSize(width: 640, height: 200), .longestSide) == nil)
        // Nothing needed cannot be encoded; nobody asks so.
        #expect(set(PixelRect(x: 900, y: 900, width: 9, height: 9), on: PixelSize(width: 640, height: 480)) == nil)
    }

    @Test func runs_AreTheTokensInTheirOrder() {
        var taken = [Bool](repeating: false, count: 25)
        for window in [0, 1, 8, 24] { taken[window] = true }
        let set = TokenSet(grid, isTaken: taken)
        #expect(set.count == 3 * 196 + 64 && set.tokens == set.tokens.sorted())
        var place = 0
        for run in set.runs {
            #expect(run.place == place)
            for index in 0..<run.count {
                let token = run.y * 64 + run.x + index
                #expect(set.tokens[place + index] == Int32(token) && set.places[token] == Int32(place + index))
            }
            place += run.count
        }
        #expect(place == set.count && set.runs.first?.count == 28)
        #expect(set.places.count { $0 >= 0 } == set.count)
    }

    @Test(arguments: [16, 48, 256, 1000])
    func keyRuns_CoverEachBlock(_ blockKeys: Int) {
        var taken = [Bool](repeating: false, count: 25)
        for window in [2, 3, 11, 20, 24] { taken[window] = true }
        let set = TokenSet(grid, isTaken: taken), runs = KeyRuns(set, blockKeys: blockKeys)
        for start in stride(from: 0, to: set.count, by: blockKeys) {
            let block = start..<min(set.count, start + blockKeys)
            let tokens = runs[block].flatMap { run in (0..<run.count).map { Int32(run.y * 64 + run.x + $0) } }
            #expect(tokens == Array(set.tokens[block]))
        }
    }

    /// Every cell that the mask of a needed pixel is interpolated from must have been decoded.
    @Test(arguments: [ModelConfiguration.Resize.stretch, .longestSide])
    func noPixelOfARegion_NeedsACellThatIsNotThere(_ resize: ModelConfiguration.Resize) {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let picture = PixelSize(width: .random(in: 3...3000, using: &random), height: .random(in: 3...3000, using: &random))
            let x = Int.random(in: 0..<picture.width, using: &random), y = Int.random(in: 0..<picture.height, using: &random)
            let rect = PixelRect(
                x: x, y: y, width: .random(in: 1...(picture.width - x), using: &random),
                height: .random(in: 1...(picture.height - y), using: &random))
            guard let set = set(rect, on: picture, resize) else { continue }
            let geometry = InputLayout(side: 1024, resize: resize).geometry(of: picture), cells = PixelSize(width: 256, height: 256)
            let columns = geometry.columns(grid: cells), rows = geometry.rows(grid: cells)
            for y in [rect.y, rect.maxY - 1, (rect.y + rect.maxY) / 2] {
                for x in [rect.x, rect.maxX - 1, (rect.x + rect.maxX) / 2] {
                    let across = columns.tap(x), down = rows.tap(y)
                    for (row, high) in [(down.low, down.lowWeight), (down.middle, down.middleWeight), (down.high, down.highWeight)] where high != 0 {
                        for (column, weight) in [(across.low, across.lowWeight), (across.middle, across.middleWeight), (across.high, across.highWeight)]
                        where weight != 0 {
                            #expect(
                                set.places[Int(row) / 4 * 64 + Int(column) / 4] >= 0,
                                "\(rect) on \(picture), pixel \(x),\(y): cell \(column),\(row)")
                        }
                    }
                }
            }
        }
    }
}
