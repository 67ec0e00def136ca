import Foundation

/// The course of a run as a picture: losses above, what the pictures kept aside say below. Self-contained SVG.
public struct TuningCurves {
    let history: [EpochSummary]
    let before: EpochSummary.Validation?

    /// - Parameter before: what the pictures kept aside said before the first epoch.
    public init(_ history: [EpochSummary], before: EpochSummary.Validation? = nil) {
        self.history = history
        self.before = before
    }

    private struct Curve {
        let name: String
        let color: String
        let values: [(epoch: Int, value: Double)]
    }

    // Okabe and Ito's colours, which most colour-blind people can tell apart.
    private static let colors = (orange: "#E69F00", blue: "#0072B2", green: "#009E73")

    public var svg: String {
        func curve(_ name: String, _ color: String, _ value: (EpochSummary) -> Double?) -> Curve {
            Curve(name: name, color: color, values: history.compactMap { summary in value(summary).map { (summary.epoch, $0) } })
        }
        let losses = [
            curve("draft loss", Self.colors.orange) { $0.draftLoss }, curve("refined loss", Self.colors.blue) { $0.refinedLoss },
        ]
        func kept(_ name: String, _ color: String, _ value: (EpochSummary.Validation) -> Double?) -> Curve {
            let measured = [(0, before)] + history.map { ($0.epoch, $0.validation) }
            return Curve(name: name, color: color, values: measured.compactMap { epoch, known in known.flatMap(value).map { (epoch, $0) } })
        }
        let quality = [
            kept("draft IoU", Self.colors.orange) { $0.draftIoU }, kept("refined IoU", Self.colors.blue) { $0.refinedIoU },
            kept("AUROC", Self.colors.green) { $0.auroc },
        ].filter { !$0.values.isEmpty }
        let panels = quality.isEmpty ? [losses] : [losses, quality]
        let height = 260 * panels.count + 20
        var lines = [
            #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 \#(height)" font-family="sans-serif" font-size="12">"#,
            #"<rect width="720" height="\#(height)" fill="white"/>"#,
        ]
        for (index, panel) in panels.enumerated() { lines += draw(panel, top: Double(260 * index) + 20) }
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }

    private func draw(_ curves: [Curve], top: Double) -> [String] {
        let left = 60.0, width = 500.0, height = 200.0
        let all = curves.flatMap(\.values).map(\.value).filter(\.isFinite)
        guard let lowest = all.min(), let highest = all.max(), let last = history.last?.epoch else { return [] }
        let first = before == nil ? 1 : 0
        let margin = max((highest - lowest) * 0.05, 1e-3), low = lowest - margin, high = highest + margin
        func x(_ epoch: Int) -> Double { left + (last > first ? Double(epoch - first) / Double(last - first) : 0.5) * width }
        func y(_ value: Double) -> Double { top + height - (value - low) / (high - low) * height }
        func number(_ value: Double, _ digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }
        var lines: [String] = []
        for step in 0...4 {
            let value = low + (high - low) * Double(step) / 4
            lines.append(#"<line x1="\#(left)" x2="\#(left + width)" y1="\#(number(y(value)))" y2="\#(number(y(value)))" stroke="lightgray"/>"#)
            lines.append(#"<text x="\#(left - 8)" y="\#(number(y(value) + 4))" text-anchor="end">\#(number(value, 3))</text>"#)
        }
        for epoch in Set([first, (first + last) / 2, last]).sorted() {
            lines.append(#"<text x="\#(number(x(epoch)))" y="\#(number(top + height + 18))" text-anchor="middle">\#(epoch == 0 ? "before" : "epoch \(epoch)")</text>"#)
        }
        for (index, curve) in curves.enumerated() {
            let points = curve.values.filter(\.value.isFinite).map { "\(number(x($0.epoch))),\(number(y($0.value)))" }
            lines.append(#"<polyline points="\#(points.joined(separator: " "))" fill="none" stroke="\#(curve.color)" stroke-width="2"/>"#)
            for point in points {
                let place = point.split(separator: ",")
                lines.append(#"<circle cx="\#(place[0])" cy="\#(place[1])" r="2.5" fill="\#(curve.color)"/>"#)
            }
            let label = top + 16 + Double(index) * 20
            lines.append(#"<rect x="580" y="\#(number(label - 10))" width="12" height="12" fill="\#(curve.color)"/>"#)
            lines.append(#"<text x="598" y="\#(number(label))">\#(curve.name)</text>"#)
        }
        return lines
    }
}
