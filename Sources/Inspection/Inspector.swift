import Imaging
import SegmentAnything
import SelfPerception

/// Runs the model over a frame's regions. One per worker; not thread-safe.
public final class Inspector {
    private let model: any Perceiving
    private var measurer = RegionMeasurer()
    /// The evidence of the region at hand, then of the `auto` regions that wait for their second question.
    private var evidence = [Evidence()]
    private var results: [RegionResult?] = []
    private var times = StageTimes()
    private var estimates: [String: Double] = [:]

    /// The union of all regions' refined masks at frame size, of the last `inspect` (for the `mask` topic and overlays).
    /// Empty where that frame is uninspected.
    public private(set) var frameMask = BinaryMask()

    /// Whether `draftMask` is made, which takes time.
    public var keepsDraft = false

    /// The union of all regions' draft masks at frame size, of the last `inspect`; nil where it was not kept, or the frame is uninspected.
    public private(set) var draftMask: BinaryMask?

    /// What the last frame's verdicts were made of, in the order of the file; empty where that frame is uninspected.
    private(set) var found: [RegionEvidence] = []

    public convenience init(session: SPTSession) { self.init(model: session) }

    init(model: any Perceiving) { self.model = model }

    /// Inspects one frame. Never throws: what the model cannot answer is `uninspected (model_error)`.
    ///
    /// - Precondition: `image` has the size that the plan was made for.
    public func inspect(_ image: RGBImage, plan: InspectionPlan) -> FrameResult {
        precondition(image.size == plan.frame, "a plan for \(plan.frame) pixels was given a frame of \(image.size)")
        times = StageTimes()
        estimates.removeAll(keepingCapacity: true)
        clearFrameMask(plan.frame)
        draftMask = keepsDraft ? BinaryMask(width: plan.frame.width, height: plan.frame.height) : nil
        found.removeAll(keepingCapacity: true)
        guard !plan.regions.isEmpty else {
            return FrameResult(verdict: .uninspected, reason: .noRegion, regions: [])
        }
        results.removeAll(keepingCapacity: true)
        results.append(contentsOf: repeatElement(nil, count: plan.regions.count))
        found.append(contentsOf: repeatElement(RegionEvidence(score: 0, agreement: 1, components: []), count: plan.regions.count))
        var result: FrameResult
        do {
            for group in plan.groups {
                let isNeeded: ((PixelRect) -> Bool)? = group.needed == nil ? nil : { group.isNeeded($0) }
                times.encode += elapsed { model.display(image, rect: group.rect, where: isNeeded) }
                for batch in group.batches { try inspect(batch, plan: plan) }
            }
            let regions = results.compactMap(\.self)
            result = FrameResult(verdict: Verdict.worst(of: regions.map(\.verdict)), regions: regions)
            result.predictedIoU = estimates
        } catch {
            clearFrameMask(plan.frame)
            draftMask = nil
            found.removeAll(keepingCapacity: true)
            result = FrameResult(verdict: .uninspected, reason: .modelError, regions: [])
            result.detail = error.detail
        }
        result.encodeNs = times.encode
        result.promptNs = times.prompt
        result.measureNs = times.measure
        return result
    }

    /// Asks a batch's prompts, then the second questions of its `auto` regions.
    private func inspect(_ batch: DisplayGroup.Batch, plan: InspectionPlan) throws(ModelProblem) {
        let answers = try ask(batch.prompts)
        let start = ContinuousClock.now
        var second = DisplayGroup.Batch(), waiting: [Evidence] = []
        for (index, range) in batch.members {
            let region = plan.regions[index]
            let isAuto = region.kind == .auto
            let evidence = self.evidence(at: isAuto ? waiting.count + 1 : 0)
            try attempt(region) { () throws(ModelProblem) in
                try evidence.begin(answers[range.lowerBound])
                for answer in answers[range.dropFirst()] { try evidence.merge(answer) }
            }
            let prompts = isAuto
                ? AutoPrompts.prompts(for: measurer.draftComponents(evidence, region: region), in: region) : []
            if prompts.isEmpty {
                try measure(evidence, index, plan: plan)
            } else {
                second.members.append((index, second.prompts.count..<(second.prompts.count + prompts.count)))
                second.prompts += prompts
                waiting.append(evidence)
            }
        }
        times.measure += nanoseconds(since: start)
        try askAgain(second, waiting, plan: plan)
    }

    /// The second questions, in one call where they fit into one.
    private func askAgain(
        _ second: DisplayGroup.Batch, _ waiting: [Evidence], plan: InspectionPlan
    ) throws(ModelProblem) {
        var member = 0
        while member < second.members.count {
            let first = second.members[member].prompts.lowerBound
            var end = member
            while end < second.members.count,
                  second.members[end].prompts.upperBound - first <= DisplayGroup.maxPrompts { end += 1 }
            let last = second.members[end - 1].prompts.upperBound
            let answers = try ask(Array(second.prompts[first..<last]))
            let start = ContinuousClock.now
            for at in member..<end {
                let (index, range) = second.members[at]
                try attempt(plan.regions[index]) { () throws(ModelProblem) in
                    for prompt in range { try waiting[at].merge(answers[prompt - first]) }
                }
                try measure(waiting[at], index, plan: plan)
            }
            times.measure += nanoseconds(since: start)
            member = end
        }
    }

    private func ask(_ prompts: [Prompt]) throws(ModelProblem) -> [Perception] {
        var answers: [Perception] = []
        times.prompt += elapsed { answers = model.ask(prompts) }
        guard answers.count == prompts.count else {
            throw ModelProblem(detail: "the model gave \(answers.count) answers to \(prompts.count) prompts")
        }
        return answers
    }

    private func measure(_ evidence: Evidence, _ index: Int, plan: InspectionPlan) throws(ModelProblem) {
        let region = plan.regions[index]
        if var draft = draftMask.take() {
            measurer.addDraft(evidence, region: region, to: &draft)
            draftMask = draft
        }
        if let estimate = evidence.predictedIoU, estimate.isFinite { estimates[region.name] = Double(estimate) }
        results[index] = try measurer.measure(
            evidence, region: region, cells: plan.cells(of: evidence.grid, layout: evidence.layout).cells[index],
            frameMask: &frameMask)
        found[index] = measurer.found
    }

    /// Adds the region to a problem's message.
    private func attempt(_ region: PlannedRegion, _ body: () throws(ModelProblem) -> Void) throws(ModelProblem) {
        do {
            try body()
        } catch {
            throw ModelProblem(detail: "region \(region.name.quotedForMessage): \(error.detail)")
        }
    }

    private func evidence(at slot: Int) -> Evidence {
        while evidence.count <= slot { evidence.append(Evidence()) }
        return evidence[slot]
    }

    private func clearFrameMask(_ size: PixelSize) {
        frameMask.reset(width: size.width, height: size.height)
    }

    private func elapsed(_ body: () -> Void) -> Int64 {
        let start = ContinuousClock.now
        body()
        return nanoseconds(since: start)
    }

    private func nanoseconds(since start: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    private struct StageTimes {
        var encode: Int64 = 0
        var prompt: Int64 = 0
        var measure: Int64 = 0
    }
}
