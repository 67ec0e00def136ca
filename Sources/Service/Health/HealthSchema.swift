/// The JSON Schema of `/status` and `status/health`.
public enum HealthSchema {
    public static var text: String { String(decoding: PackageResources.health_schema_json, as: UTF8.self) }
}
