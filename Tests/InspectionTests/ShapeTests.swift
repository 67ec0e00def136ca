import Imaging
import Testing
@testable import Inspection

@Suite struct ShapeTests {
    /// A star around a centre: simple, and concave as a rule.
    private func star(_ random: inout Seeded, points: Int) -> Polygon {
        Polygon((0..<points).map { index in
            let angle = (Double(index) + .random(in: 0...0.8, using: &random)) / Double(points) * 2 * .pi
            let radius = Double.random(in: 5...60, using: &random)
            // Rational points on the unit circle: no need of a library's sine.
            let t = angle < .pi ? (angle - .pi / 2) : (angle - 3 * .pi / 2)
            let u = t / (.pi / 2) * 0.98
            let (c, s) = ((1 - u * u) / (1 + u * u), 2 * u / (1 + u * u))
            return angle < .pi ? .init(x: 64 + radius * -s, y: 64 + radius * c) : .init(x: 64 + radius * s, y: 64 - radius * c)
        })
    }

    @Test func spans_HoldExactlyThePixelsWhoseCentresLieInside() {
        var random = Seeded(1)
        for round in 0..<60 {
            let shape: Shape = switch round % 3 {
            case 0: .polygon(star(&random, points: 3 + round / 4))
            case 1: .ellipse(cx: .random(in: 0...128, using: &random), cy: .random(in: 0...128, using: &random),
                             rx: .random(in: 2...70, using: &random), ry: .random(in: 2...70, using: &random))
            default: .box(x0: 10, y0: 20, x1: 40, y1: 90)
            }
            let frame = PixelRect(x: 0, y: 0, width: 128, height: 128)
            let spans = ShapeSpans(shape, bounds: frame)
            var inside = 0
            for y in 0..<128 {
                for x in 0..<128 {
                    if case .box = shape { continue }
                    let expected = shape.contains(x: Double(x) + 0.5, y: Double(y) + 0.5)
                    #expect(spans.contains(x: x, y: y) == expected, "\(shape) at \(x), \(y)")
                    if expected { inside += 1 }
                }
            }
            if case .box = shape { continue }
            #expect(spans.area == inside)
        }
    }

    @Test func shapesTooThinForAnyCentre_BecomeTheirBounds() {
        let sliver = Shape.polygon(Polygon([.init(x: 10.1, y: 10), .init(x: 10.3, y: 10), .init(x: 10.2, y: 30)]))
        let bounds = PixelRect(x: 10, y: 10, width: 1, height: 20)
        #expect(ShapeSpans(sliver, bounds: bounds).area == 20)
    }

    @Test func crossings_AreFoundAsByComparingAllEdges() {
        func bruteForce(_ polygon: Polygon) -> Bool {
            let v = polygon.vertices, n = v.count
            func side(_ a: Polygon.Vertex, _ b: Polygon.Vertex, _ c: Polygon.Vertex) -> Double {
                (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
            }
            for i in 0..<n {
                for j in (i + 1)..<n where (i + 1) % n != j && (j + 1) % n != i {
                    let (a, b, c, d) = (v[i], v[(i + 1) % n], v[j], v[(j + 1) % n])
                    if side(a, b, c) * side(a, b, d) < 0, side(c, d, a) * side(c, d, b) < 0 { return true }
                }
            }
            return false
        }
        var random = Seeded(2), crossed = 0
        for round in 0..<400 {
            let polygon = round % 2 == 0
                ? star(&random, points: 3 + round % 17)
                : Polygon((0..<(3 + round % 5)).map { _ in
                    .init(x: .random(in: 0...100, using: &random), y: .random(in: 0...100, using: &random))
                })
            // Random corners are in general position: touching without crossing has probability zero.
            #expect((polygon.firstCrossing() != nil) == bruteForce(polygon))
            crossed += bruteForce(polygon) ? 1 : 0
        }
        #expect(crossed > 20 && crossed < 380, "both kinds were tried: \(crossed)")
    }

    @Test func touchingPolygons_AreCrossing() {
        // A vertex on another edge; two loops that share a vertex; an edge walked twice.
        let onEdge: [(Double, Double)] = [(0, 0), (10, 0), (10, 10), (5, 0), (0, 10)]
        let eight: [(Double, Double)] = [(0, 0), (5, 5), (10, 0), (10, 10), (5, 5), (0, 10)]
        let spike: [(Double, Double)] = [(0, 0), (10, 0), (20, 0), (10, 0), (10, 10)]
        for points in [onEdge, eight, spike] {
            #expect(Polygon(points.map { .init(x: $0.0, y: $0.1) }).firstCrossing() != nil)
        }
    }

    @Test func clippedArea_IsThatOfThePixels() {
        var random = Seeded(3)
        for _ in 0..<30 {
            let polygon = star(&random, points: 12)
            let window = PixelRect(x: 40, y: 50, width: 60, height: 40)
            let exact = polygon.area(within: Bounds(x0: 40, y0: 50, x1: 100, y1: 90))
            var fine = 0
            for y in 0..<(window.height * 4) {
                for x in 0..<(window.width * 4) {
                    if polygon.contains(.init(x: 40 + (Double(x) + 0.5) / 4, y: 50 + (Double(y) + 0.5) / 4)) { fine += 1 }
                }
            }
            #expect(abs(exact - Double(fine) / 16) < 0.02 * exact + 8)
        }
    }

    @Test func editDistance_CountsSwapsAsOne() {
        #expect(editDistance("", "") == 0 && editDistance("abc", "abc") == 0)
        #expect(editDistance("fial", "fail") == 1 && editDistance("", "abc") == 3 && editDistance("kitten", "sitting") == 3)
        #expect(nearest(to: "zzzzzzzzzz", among: ["box", "grid"]) == nil)
        #expect(nearest(to: "Max_Defect", among: ["max_defects", "max_area_px"]) == "max_defects")
    }
}
