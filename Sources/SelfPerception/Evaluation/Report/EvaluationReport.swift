/// Several models on the same data sets, for people and for scripts.
public struct EvaluationReport: Sendable, Encodable {
    public var methods: [MethodResult]
    /// Which parts the held-out limits were chosen on.
    public var limits: String
    public var seed: UInt64
    let prompts: [EvaluationPrompt]

    /// - Parameter methods: of one evaluation's settings, on the same data sets.
    public init(_ methods: [MethodResult], settings: EvaluationSettings) {
        self.methods = methods
        limits = settings.limits.text
        seed = settings.seed
        prompts = settings.prompts
    }

    enum CodingKeys: String, CodingKey { case methods, limits, seed }

    /// In the order of the data sets; the names are the same for every method, but for products whose every picture was left out.
    var setNames: [String] {
        var seen: Set<String> = []
        return methods.flatMap(\.sets).map(\.name).filter { seen.insert($0).inserted }
    }

    func results(of set: String) -> [(method: String, result: SetResult)] {
        methods.flatMap { method in method.sets.filter { $0.name == set }.map { (method.name, $0) } }
    }

    /// What a reader has to know of the figures.
    var notes: [String] {
        [
            "IoU and boundary IoU (bIoU, 2% of the diagonal) are means over the defective parts at each picture's own size; prompts are made from the truth.",
            "A part's score is the mean of the \(PeakScore.count) highest refined probabilities with the whole picture as the box, good parts included.",
            "AUROC, AUPRO(0.3), best F1, PGn (good parts passed while at most n% of the defective escape) and PBn (defective parts failed while at most n% of the good do) describe the ranking of these parts; no limit follows from them.",
            "Held out: \(limits) (seed \(seed)); in brackets 95% intervals by Clopper and Pearson.",
        ] + setsWithoutLimits.map {
            "\($0): no limit could be chosen, so there are no held-out errors: the parts to choose on are all of one kind, or too few. --limits-from halves chooses on test parts, --limit takes one of yours."
        }
    }

    private var setsWithoutLimits: [String] { setNames.filter { set in results(of: set).allSatisfy(\.result.line.heldOut.isEmpty) } }
}
