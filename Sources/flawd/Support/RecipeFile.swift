import Foundation
import SelfPerception

/// A tuning recipe as `flawd tune --print-recipe` prints it.
enum RecipeFile {
    /// - Throws: ``InvalidInput`` naming the file and the key: one that is missing, unknown, or of a value it cannot have.
    static func read(_ path: String) throws -> TuningSettings {
        let data: Data, object: Any
        do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
            throw InvalidInput("\(path): cannot be read: \(error.localizedDescription)")
        }
        do { object = try JSONSerialization.jsonObject(with: data) } catch {
            let detail = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
            throw InvalidInput("\(path): is no JSON: \(detail ?? error.localizedDescription)")
        }
        let usual = try JSONSerialization.jsonObject(with: JSONEncoder().encode(TuningSettings()))
        guard let fields = object as? [String: Any], let usual = usual as? [String: Any] else {
            throw InvalidInput("\(path): is no recipe: an object is expected; --print-recipe prints one")
        }
        do {
            let settings = try JSONDecoder().decode(TuningSettings.self, from: data)
            let known = try JSONSerialization.jsonObject(with: JSONEncoder().encode(settings))
            if let key = unknown(in: object, known: known) {
                throw InvalidInput("\(path): \(key) is no part of a recipe; --print-recipe prints all that is")
            }
            return settings
        } catch let error as DecodingError {
            if case .keyNotFound(let key, let context) = error {
                let place = (context.codingPath + [key]).map(\.stringValue).joined(separator: ".")
                throw InvalidInput("\(path): lacks \(place); --print-recipe prints a whole recipe")
            }
            guard let (key, value, other) = misfit(in: fields, usual: usual, whole: usual, at: []) else {
                throw InvalidInput("\(path): is no recipe: \(error)")
            }
            throw InvalidInput("\(path): \(key) cannot be \(value); it is \(other) unless said")
        }
    }

    /// The first value that a recipe cannot have: one that spoils the usual recipe when it is put there.
    private static func misfit(
        in fields: [String: Any], usual: [String: Any], whole: [String: Any], at place: [String]
    ) -> (key: String, value: String, usual: String)? {
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            let path = place + [key]
            if let inner = value as? [String: Any], let known = usual[key] as? [String: Any] {
                if let found = misfit(in: inner, usual: known, whole: whole, at: path) { return found }
            } else if let data = try? JSONSerialization.data(withJSONObject: replacing(path[...], in: whole, by: value)),
                      (try? JSONDecoder().decode(TuningSettings.self, from: data)) == nil {
                return (path.joined(separator: "."), text(value), usual[key].map(text) ?? "left out")
            }
        }
        return nil
    }

    private static func replacing(_ path: ArraySlice<String>, in fields: [String: Any], by value: Any) -> [String: Any] {
        guard let key = path.first else { return fields }
        var fields = fields
        fields[key] = path.count == 1 ? value : replacing(path.dropFirst(), in: fields[key] as? [String: Any] ?? [:], by: value)
        return fields
    }

    private static func text(_ value: Any) -> String {
        guard let data = try? JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys]) else { return "\(value)" }
        return String(String(decoding: data, as: UTF8.self).prefix(80))
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
