import Imaging

/// Turns the evidence of a region into its result. Owns the buffers that this takes.
struct RegionMeasurer {
    /// Defects that one region lists, the largest first. All are counted.
    static let maxListedDefects = 100

    private var projector = MaskProjector()
    private var labeller = ComponentLabeller()
    private var mask = BinaryMask()
    private var componentMask = BinaryMask()
    private var scores: [Double] = []
    /// What the last region's verdict was made of.
    private(set) var found = RegionEvidence(score: 0, agreement: 1, components: [])

    /// The components of the draft's mask inside the shape.
    mutating func draftComponents(_ evidence: Evidence, region: PlannedRegion) -> [Component] {
        projector.aim(
            grid: evidence.grid, layout: evidence.layout, displayed: region.displayed, window: region.spans.bounds)
        projector.project(evidence.draft, within: region.spans, into: &mask)
        return labeller.label(mask)
    }

    /// Adds the draft's mask inside the shape to a mask of the frame's size.
    mutating func addDraft(_ evidence: Evidence, region: PlannedRegion, to frameMask: inout BinaryMask) {
        projector.aim(
            grid: evidence.grid, layout: evidence.layout, displayed: region.displayed, window: region.spans.bounds)
        projector.project(evidence.draft, within: region.spans, into: &mask)
        frameMask.formUnion(with: mask, atX: region.spans.bounds.x, y: region.spans.bounds.y)
    }

    /// - Parameters:
    ///   - cells: the region's cells of the evidence's grid.
    ///   - frameMask: takes up the refined mask; of the frame's size.
    mutating func measure(
        _ evidence: Evidence, region: PlannedRegion, cells: [Int32], frameMask: inout BinaryMask
    ) throws(ModelProblem) -> RegionResult {
        projector.aim(
            grid: evidence.grid, layout: evidence.layout, displayed: region.displayed, window: region.spans.bounds)
        projector.project(evidence.refined, within: region.spans, into: &mask)
        labeller.label(mask)
        if !labeller.components.isEmpty {
            frameMask.formUnion(with: mask, atX: region.spans.bounds.x, y: region.spans.bounds.y)
        }
        scoreComponents(evidence)

        found = RegionEvidence(
            score: evidence.score(within: cells), agreement: evidence.agreement(within: cells),
            components: labeller.components.map { .init(areaPx: $0.area, score: scores[$0.label - 1]) })
        guard found.score.isFinite, scores.allSatisfy(\.isFinite) else {
            throw ModelProblem(detail: "region \(region.name.quotedForMessage): the score is not finite")
        }
        let found = found, judgement = region.limits.judge(found)
        let large = labeller.components.filter { region.limits.isDefect(areaPx: $0.area) }
        return RegionResult(
            name: region.name, verdict: judgement.verdict, score: found.score, agreement: found.agreement,
            because: judgement.because, defectCount: found.components.count { region.limits.counts($0) },
            defects: large.largest(Self.maxListedDefects).map { defect($0, region: region) })
    }

    /// Mean probability of each component's pixels, at full resolution.
    private mutating func scoreComponents(_ evidence: Evidence) {
        scores.removeAll(keepingCapacity: true)
        evidence.refined.withUnsafeBufferPointer { logits in
            for component in labeller.components {
                var sum = 0.0
                for run in labeller.runs(of: component) {
                    sum += projector.probability(of: logits, columns: run.columns, row: run.row)
                }
                scores.append(sum / Double(component.area))
            }
        }
    }

    private mutating func defect(_ component: Component, region: PlannedRegion) -> Defect {
        let origin = region.spans.bounds, box = component.bounds
        labeller.draw(component, into: &componentMask)
        let (x, y) = (origin.x + box.x, origin.y + box.y)
        return Defect(
            box: PixelRect(x: x, y: y, width: box.width, height: box.height),
            areaPx: component.area, areaMm2: region.limits.areaMm2(component.area),
            centroid: (component.centroid.x + Double(origin.x), component.centroid.y + Double(origin.y)),
            score: scores[component.label - 1],
            segmentation: RunLengthCode(componentMask, atX: x, y: y, in: region.frame))
    }
}
