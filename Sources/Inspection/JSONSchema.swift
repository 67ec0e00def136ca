/// The JSON Schemas (draft 2020-12) that are part of flawd; their text is compiled in.
public enum JSONSchema {
    /// Of `<camera>/verdict` and `<camera>/missing` events.
    public static var verdict: String { String(decoding: PackageResources.verdict_schema_json, as: UTF8.self) }
    /// Of the region file; for editors that check YAML against a schema.
    public static var regions: String { String(decoding: PackageResources.regions_schema_json, as: UTF8.self) }
}
