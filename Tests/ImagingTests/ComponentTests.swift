import Testing

@testable import Imaging

struct ComponentTests {
    @Test func components_AreMeasured() {
        var labeller = ComponentLabeller()
        let components = labeller.label(
            BinaryMask(rows: [
                "##....#",
                "##...#.",
                ".......",
                "..#####",
                "..#...#",
            ]))
        #expect(components.map(\.area) == [4, 2, 7])
        #expect(components.map(\.label) == [1, 2, 3])
        #expect(
            components.map(\.bounds) == [
                PixelRect(x: 0, y: 0, width: 2, height: 2), PixelRect(x: 5, y: 0, width: 2, height: 2),
                PixelRect(x: 2, y: 3, width: 5, height: 2),
            ])
        #expect(components[0].centroid == Component.Centroid(x: 0.5, y: 0.5))
        #expect(components[1].centroid == Component.Centroid(x: 5.5, y: 0.5))
        #expect(components[2].centroid.x == 4 && abs(components[2].centroid.y - 23.0 / 7) < 1e-12)
    }

    @Test func armsThatMeetLate_AreOneComponent() {
        var labeller = ComponentLabeller()
        let rows = [
            "#.#.#.#",
            "#.#.#.#",
            "#.###.#",
            "#.....#",
            ".#####.",
        ]
        let components = labeller.label(BinaryMask(rows: rows))
        #expect(components.map(\.area) == [13, 7])
        #expect(components[0].bounds == PixelRect(x: 0, y: 0, width: 7, height: 5))
    }

    @Test func emptyAndFullMasks() {
        var labeller = ComponentLabeller()
        #expect(labeller.label(BinaryMask()).isEmpty)
        #expect(labeller.label(BinaryMask(width: 5, height: 3)).isEmpty)
        #expect(labeller.label(BinaryMask(rows: ["###", "###"])).map(\.area) == [6])
        #expect(labeller.labels == [1, 1, 1, 1, 1, 1])
    }

    /// Against a flood fill over all eight neighbours, one labeller for masks of changing and of the same size.
    @Test func randomMasks_AgreeWithFloodFill() {
        var numbers = SeededNumbers(seed: 23)
        var labeller = ComponentLabeller()
        var drawn = BinaryMask()
        for round in 0..<400 {
            let side = round % 3 == 0 ? 1...30 : 17...17
            let mask = BinaryMask.random(width: side, height: side, using: &numbers)
            let expected = floodFill(mask)
            let components = labeller.label(mask)
            #expect(labeller.labels == expected)
            #expect(components.count == Int(expected.max() ?? 0))

            var whole = BinaryMask(width: mask.width, height: mask.height)
            for component in components {
                labeller.draw(component, into: &drawn)
                #expect(drawn.area == component.area && drawn.size == component.bounds.size)
                #expect(whole.intersects(drawn, at: component.bounds) == false)
                whole.formUnion(with: drawn, atX: component.bounds.x, y: component.bounds.y)
                #expect(labeller.runs(of: component).reduce(0) { $0 + $1.columns.count } == component.area)
                check(component, labels: expected, width: mask.width)
            }
            #expect(whole == mask)
        }
    }

    private func check(_ component: Component, labels: [Int32], width: Int) {
        let places = labels.indices.filter { labels[$0] == Int32(component.label) }
        let xs = places.map { $0 % width }, ys = places.map { $0 / width }
        guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max() else {
            Issue.record("no pixels")
            return
        }
        #expect(
            component.bounds == PixelRect(x: left, y: top, width: right - left + 1, height: bottom - top + 1))
        #expect(abs(component.centroid.x - Double(xs.reduce(0, +)) / Double(xs.count)) < 1e-9)
        #expect(abs(component.centroid.y - Double(ys.reduce(0, +)) / Double(ys.count)) < 1e-9)
    }

    private func floodFill(_ mask: BinaryMask) -> [Int32] {
        var labels = [Int32](repeating: 0, count: mask.size.area)
        var next: Int32 = 0
        for start in labels.indices where mask.pixels[start] != 0 && labels[start] == 0 {
            next += 1
            var open = [start]
            labels[start] = next
            while let place = open.popLast() {
                let x = place % mask.width, y = place / mask.width
                for v in max(0, y - 1)...min(mask.height - 1, y + 1) {
                    for u in max(0, x - 1)...min(mask.width - 1, x + 1) {
                        let neighbour = v * mask.width + u
                        if mask.pixels[neighbour] != 0 && labels[neighbour] == 0 {
                            labels[neighbour] = next
                            open.append(neighbour)
                        }
                    }
                }
            }
        }
        return labels
    }
}

extension BinaryMask {
    fileprivate func intersects(_ other: BinaryMask, at place: PixelRect) -> Bool {
        var crop = BinaryMask()
        self.crop(place, into: &crop)
        return crop.intersectionArea(with: other) > 0
    }
}
