import ArgumentParser
import Foundation
import SelfPerception
import Service

struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure a model on marked pictures as the SPT paper does.",
        discussion: """
            DIR holds NAME.jpg, and NAME.png where the part is defective. Draft and refined IoU and boundary IoU are means over \
            the defective parts, at each picture's own size. Every part, good ones too, is also scored with the whole picture \
            as the box; AUROC and the balancing limit are of that score.
            """)

    @Argument(help: ArgumentHelp("Folder of pictures and masks.", valueName: "folder"))
    var folder: String

    @OptionGroup var model: ModelOptions

    @Option(help: "Seed of the random points.")
    var seed: UInt64 = 1

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() async throws {
        let data = try PublishedDataset(directory: folder)
        let evaluation = PublishedEvaluation(session: try model.session(), seed: seed)
        var parts: [PublishedEvaluation.Part] = []
        for (index, item) in data.items.enumerated() {
            parts.append(try evaluation.evaluate(item))
            if Terminal.errorIsTerminal {
                Terminal.progress("evaluate: \(index + 1) of \(data.items.count) pictures")
            } else if (index + 1) % 100 == 0 {
                Terminal.printError("evaluate: \(index + 1) of \(data.items.count) pictures")
            }
        }
        Terminal.progress("")
        let report = Report(parts)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            Terminal.print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            for line in report.lines { Terminal.print(line) }
        }
    }

    private struct Report: Encodable {
        var defective: Int
        var good: Int
        /// Means over the defective parts, by prompt.
        var quality: [String: PublishedEvaluation.Quality] = [:]
        var auroc: Double?
        var balanced: Ranking.Errors?

        init(_ parts: [PublishedEvaluation.Part]) {
            let marked = parts.compactMap(\.quality)
            defective = marked.count
            good = parts.count - marked.count
            for kind in PublishedEvaluation.PromptKind.allCases where !marked.isEmpty {
                func mean(_ value: (PublishedEvaluation.Quality) -> Double) -> Double {
                    marked.compactMap { $0[kind].map(value) }.reduce(0, +) / Double(marked.count)
                }
                quality[kind.rawValue] = PublishedEvaluation.Quality(
                    draftIoU: mean(\.draftIoU), draftBoundaryIoU: mean(\.draftBoundaryIoU), refinedIoU: mean(\.refinedIoU),
                    refinedBoundaryIoU: mean(\.refinedBoundaryIoU))
            }
            let ranking = Ranking(
                defective: parts.filter { $0.quality != nil }.map(\.score), good: parts.filter { $0.quality == nil }.map(\.score))
            auroc = ranking.auroc
            balanced = ranking.balanced
        }

        var lines: [String] {
            var lines = ["\(defective) defective, \(good) good parts", "prompt      draft IoU  refined IoU  draft bIoU  refined bIoU"]
            for kind in PublishedEvaluation.PromptKind.allCases {
                guard let means = quality[kind.rawValue] else { continue }
                let name = kind.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0)
                lines.append("\(name)\(fixed(means.draftIoU, 3))      \(fixed(means.refinedIoU, 3))        \(fixed(means.draftBoundaryIoU, 3))       \(fixed(means.refinedBoundaryIoU, 3))")
            }
            if let auroc { lines.append("AUROC of the whole-picture score: \(fixed(auroc, 3))") }
            if let balanced {
                lines.append("at the balancing limit \(fixed(balanced.limit, 3)): \(balanced.escapes) of \(balanced.defective) escape (\(fixed(100 * balanced.escapeRate, 1))%), \(balanced.overkill) of \(balanced.good) overkill (\(fixed(100 * balanced.overkillRate, 1))%)")
            }
            return lines
        }
    }
}
