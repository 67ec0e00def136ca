/// What one model, with an adapter or without, made of all data sets.
public struct MethodResult: Sendable, Codable {
    /// As the caller named it.
    public var name: String
    public var model: String
    public var adapter: String?
    /// Of the weights: ``SPTModel/hash``.
    public var hash: String
    /// Without a second pass the refined mask is the draft.
    public var hasRefinement: Bool
    public var sets: [SetResult] = []
    /// A line for each file that was left out.
    public var skipped: [String] = []
    public var pictures = 0
    /// Asked in all; each picture is encoded once.
    public var prompts = 0
    /// Of measuring: reading, inference and comparison.
    public var seconds = 0.0
    /// Drawn for a report where the settings ask for cases.
    var galleries: [CaseGallery.Cases] = []

    init(name: String, model: SPTModel) {
        self.name = name
        self.model = model.path
        adapter = model.adapterPath
        hash = model.hash
        hasRefinement = model.hasRefinement
    }

    enum CodingKeys: String, CodingKey { case name, model, adapter, hash, hasRefinement, sets, skipped, pictures, prompts, seconds }
}
