import Foundation
import SelfPerception

/// A tuning recipe as `flawd tune --print-recipe` prints it.
enum RecipeFile {
    /// - Throws: ``InvalidInput`` naming the file and the key: one that is missing, unknown, or of a value it cannot have.
    static func read(_ path: String) throws -> TuningSettings {
        let data: Data
        do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
            throw InvalidInput("\(path): cannot be read: \(error.localizedDescription)")
        }
        func place(_ keys: [any CodingKey]) -> String { keys.map(\.stringValue).joined(separator: ".") }
        do {
            let settings = try JSONDecoder().decode(TuningSettings.self, from: data)
            let known = try JSONSerialization.jsonObject(with: JSONEncoder().encode(settings))
            if let key = unknown(in: try JSONSerialization.jsonObject(with: data), known: known) {
                throw InvalidInput("\(path): \(key) is no part of a recipe; --print-recipe prints all that is")
            }
            return settings
        } catch DecodingError.keyNotFound(let key, let context) {
            throw InvalidInput("\(path): lacks \(place(context.codingPath + [key])); --print-recipe prints a whole recipe")
        } catch DecodingError.dataCorrupted(let context) {
            throw InvalidInput("\(path): \(context.codingPath.isEmpty ? "is no JSON" : place(context.codingPath)): \(context.debugDescription)")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            throw InvalidInput("\(path): \(place(context.codingPath)): \(context.debugDescription)")
        }
    }

    /// The first key, with those around it, that `known` does not have.
    private static func unknown(in value: Any, known: Any) -> String? {
        guard let fields = value as? [String: Any], let expected = known as? [String: Any] else { return nil }
        for (key, field) in fields.sorted(by: { $0.key < $1.key }) {
            // An optional setting without a value is not written, but may be there.
            guard let other = expected[key] else {
                if field is NSNull { continue }
                return key
            }
            if let inner = unknown(in: field, known: other) { return "\(key).\(inner)" }
        }
        return nil
    }
}
