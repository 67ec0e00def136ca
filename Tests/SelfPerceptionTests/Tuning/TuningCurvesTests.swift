import Foundation
#if canImport(FoundationXML)
import FoundationXML
#endif
import Testing
@testable import SelfPerception

struct TuningCurvesTests {
    private final class Elements: NSObject, XMLParserDelegate {
        var names: [String] = []
        var points: [String] = []

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?, attributes: [String: String] = [:]
        ) {
            names.append(name)
            if name == "polyline" { points.append(attributes["points"] ?? "") }
        }
    }

    private static func summary(_ epoch: Int, loss: Double, iou: Double?) -> EpochSummary {
        EpochSummary(
            epoch: epoch, learningRate: 1e-3, draftLoss: loss, refinedLoss: loss / 2,
            validation: iou.map { .init(draftIoU: $0, refinedIoU: $0 + 0.01, auroc: 0.9) })
    }

    private static func elements(of curves: TuningCurves) throws -> Elements {
        let parser = XMLParser(data: Data(curves.svg.utf8)), elements = Elements()
        parser.delegate = elements
        try #require(parser.parse(), "\(String(describing: parser.parserError))")
        return elements
    }

    @Test(arguments: [1, 3]) func everyEpoch_IsAPointOnEveryCurve(_ epochs: Int) throws {
        let history = (1...epochs).map { Self.summary($0, loss: 1 / Double($0), iou: 0.5 + Double($0) / 100) }
        let elements = try Self.elements(of: TuningCurves(history, before: history[0].validation))
        // Two losses, and with the state before, three figures.
        #expect(elements.points.map { $0.split(separator: " ").count } == [epochs, epochs] + [epochs + 1, epochs + 1, epochs + 1])
        #expect(elements.names.count { $0 == "circle" } == 2 * epochs + 3 * (epochs + 1))
        #expect(!elements.points.joined().contains("nan") && !elements.points.joined().contains("inf"))
    }

    @Test func withoutPicturesKeptAside_ThereAreLossesAlone() throws {
        let elements = try Self.elements(of: TuningCurves([Self.summary(1, loss: 1, iou: nil), Self.summary(2, loss: .nan, iou: nil)]))
        #expect(elements.points.map { $0.split(separator: " ").count } == [1, 1], "a loss that is no number has no place")
    }
}
