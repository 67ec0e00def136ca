import Testing

@testable import Imaging

struct ContourTests {
    private func contours(_ rows: [String]) -> [Contour] {
        var labeller = ComponentLabeller()
        var tracer = ContourTracer()
        return labeller.label(BinaryMask(rows: rows)).flatMap { tracer.contours(of: $0, in: labeller) }
    }

    @Test func rectangle_HasFourCorners() throws {
        let found = contours(["....", ".##.", ".##.", ".##."])
        let corners = [(3, 1), (3, 4), (1, 4), (1, 1)].map { PixelPoint(x: $0.0, y: $0.1) }
        #expect(found == [Contour(points: corners, isHole: false)])
        #expect(found[0].signedArea == 6)
    }

    @Test func ring_HasAHole() {
        let found = contours(["####", "#..#", "####"])
        #expect(found.map(\.isHole) == [false, true])
        #expect(found.map(\.signedArea) == [12, -2])
    }

    @Test func diagonalNeighbours_AreOneOutline() {
        let found = contours(["#..", ".#.", "..#"])
        #expect(found.count == 1)
        #expect(found[0].signedArea == 3)
        #expect(found[0].points.count == 12)
    }

    @Test func holesThatTouchDiagonally_AreTwo() {
        let found = contours(["####", "#.##", "##.#", "####"])
        #expect(found.map(\.isHole) == [false, true, true])
    }

    @Test func neighboursOfOtherComponents_AreNotFollowed() {
        let found = contours(["#.#.#", "#.#.#"])
        #expect(found.map(\.signedArea) == [2, 2, 2])
    }

    /// The outlines' areas add up to the pixels, the first alone is an outer one, lines turn at every point, and
    /// filling the outlines (even-odd) gives the component back.
    @Test func randomMasks_AreEnclosedExactly() {
        var numbers = SeededNumbers(seed: 31)
        var labeller = ComponentLabeller()
        var tracer = ContourTracer()
        var drawn = BinaryMask()
        for _ in 0..<300 {
            let mask = BinaryMask.random(width: 1...24, height: 1...24, using: &numbers)
            for component in labeller.label(mask) {
                let contours = tracer.contours(of: component, in: labeller)
                #expect(contours.reduce(0) { $0 + $1.signedArea } == component.area)
                #expect(contours.first?.isHole == false)
                #expect(contours.allSatisfy { $0.isHole == ($0.signedArea < 0) })
                #expect(contours.dropFirst().allSatisfy { $0.isHole })
                #expect(contours.allSatisfy { turnsAtEveryPoint($0.points) })
                labeller.draw(component, into: &drawn)
                #expect(filled(contours, in: component.bounds) == drawn)
            }
        }
    }

    private func turnsAtEveryPoint(_ points: [PixelPoint]) -> Bool {
        points.indices.allSatisfy { i in
            let a = points[i], b = points[(i + 1) % points.count], c = points[(i + 2) % points.count]
            return (a.x == b.x) != (a.y == b.y) && (a.x == b.x) == (b.y == c.y)
        }
    }

    /// A pixel is inside when an odd number of upright edges lies on its left.
    private func filled(_ contours: [Contour], in bounds: PixelRect) -> BinaryMask {
        var mask = BinaryMask(width: bounds.width, height: bounds.height)
        for contour in contours {
            for (index, a) in contour.points.enumerated() {
                let b = contour.points[(index + 1) % contour.points.count]
                guard a.x == b.x else { continue }
                for y in min(a.y, b.y)..<max(a.y, b.y) {
                    for x in a.x..<max(a.x, bounds.maxX) { mask[x - bounds.x, y - bounds.y].toggle() }
                }
            }
        }
        return mask
    }
}
