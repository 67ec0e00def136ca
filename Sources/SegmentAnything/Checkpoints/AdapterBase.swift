/// What an adapter says of the model it was tuned on.
public enum AdapterBase {
    /// SHA-256 of the base's file.
    public static let hashKey = "base_sha256"
    public static let nameKey = "base_name"
    /// The visual relation's threshold that the adapter was tuned with.
    public static let alphaKey = "vatt_alpha"

    /// An adapter on another base is no adapter. One that names none, as the published ones do, is taken at its word.
    static func require(_ adapter: SafeTensorsFile, fits base: SafeTensorsFile) throws(CheckpointError) {
        guard let expected = adapter.metadata[hashKey], expected != base.contentHash() else { return }
        throw CheckpointError(
            file: adapter.path,
            problem: "was tuned on another model (\(adapter.metadata[nameKey] ?? "unnamed"), SHA-256 \(expected.prefix(12))…) than \(base.path) (\(base.contentHash().prefix(12))…)")
    }
}
