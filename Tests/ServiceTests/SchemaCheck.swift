import Foundation

/// Checks JSON against the part of JSON Schema that flawd's own schemas use.
struct SchemaCheck {
    private let root: [String: Any]
    private(set) var problems: [String] = []

    init(schema: String) throws {
        root = try JSONSerialization.jsonObject(with: Data(schema.utf8)) as? [String: Any] ?? [:]
    }

    mutating func check(_ json: [UInt8]) throws -> [String] {
        check(try JSONSerialization.jsonObject(with: Data(json)), root, at: "")
        return problems
    }

    private mutating func check(_ value: Any, _ schema: [String: Any], at path: String) {
        if let reference = schema["$ref"] as? String {
            guard let name = reference.split(separator: "/").last, let target = (root["$defs"] as? [String: [String: Any]])?[String(name)] else {
                return problems.append("\(path): no \(reference)")
            }
            check(value, target, at: path)
        }
        if let type = schema["type"] as? String, !Self.matches(value, type) { problems.append("\(path): \(value) is no \(type)") }
        if let constant = schema["const"], "\(constant)" != "\(value)" { problems.append("\(path): \(value) is not \(constant)") }
        if let choices = schema["enum"] as? [String], !choices.contains("\(value)") { problems.append("\(path): \(value) is none of \(choices)") }
        if let minimum = schema["minimum"] as? NSNumber, let number = value as? NSNumber, number.doubleValue < minimum.doubleValue {
            problems.append("\(path): \(number) is below \(minimum)")
        }
        if let object = value as? [String: Any], schema["type"] as? String == "object" {
            let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
            for key in schema["required"] as? [String] ?? [] where object[key] == nil { problems.append("\(path): \(key) is missing") }
            for (key, field) in object {
                if let property = properties[key] {
                    check(field, property, at: "\(path).\(key)")
                } else if let rest = schema["additionalProperties"] as? [String: Any] {
                    check(field, rest, at: "\(path).\(key)")
                } else {
                    problems.append("\(path): \(key) is not in the schema")
                }
            }
        }
        if let array = value as? [Any], let items = schema["items"] as? [String: Any] {
            for (index, item) in array.enumerated() { check(item, items, at: "\(path)[\(index)]") }
        }
    }

    private static func matches(_ value: Any, _ type: String) -> Bool {
        switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "boolean": value is Bool
        case "integer": (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false
        case "number": value is NSNumber
        default: false
        }
    }
}
