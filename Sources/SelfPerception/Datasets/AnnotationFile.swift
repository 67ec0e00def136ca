import Foundation

/// Reads annotation files that come from anywhere.
enum AnnotationFile {
    /// LabelMe files carry their picture along, COCO files all annotations of a data set.
    static let mostBytes = 128 * 1024 * 1024

    enum Format { case coco, labelme }

    /// What a JSON file looks like by the keys near its beginning; nil for neither.
    static func format(path: String) -> Format? {
        guard let handle = FileHandle(forReadingAtPath: path), let head = try? handle.read(upToCount: 16384) else { return nil }
        try? handle.close()
        let text = String(decoding: head, as: UTF8.self)
        func has(_ keys: String...) -> Bool { keys.contains { text.contains("\"\($0)\"") } }
        if has("shapes", "imagePath", "imageData") { return .labelme }
        return has("images", "annotations", "categories", "licenses") ? .coco : nil
    }

    /// - Throws: ``DatasetError`` for a file that cannot be read, is too large, is not JSON, is nested too deeply or
    ///   misses what `Value` must have.
    static func decode<Value: Decodable>(_ type: Value.Type, path: String) throws(DatasetError) -> Value {
        func failure(_ problem: String) -> DatasetError { DatasetError(description: "\(path): \(problem)") }
        do {
            let url = URL(fileURLWithPath: path)
            let values = try url.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
            guard values.isRegularFile == true else { throw failure("is not a regular file; JSON annotations are expected") }
            let size = values.fileSize ?? 0
            guard size <= mostBytes else { throw failure("\(size) bytes; annotations of up to \(mostBytes) bytes are read") }
            return try JSONDecoder().decode(type, from: Data(contentsOf: url))
        } catch let error as DatasetError {
            throw error
        } catch let error as DecodingError {
            throw failure(describe(error))
        } catch {
            throw failure("cannot be read: \(error.localizedDescription)")
        }
    }

    /// A decoding error in a line: where in the file, and what was expected.
    static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        func place(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
            let keys = (context.codingPath + (last.map { [$0] } ?? [])).map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return keys.isEmpty ? "" : "\(keys.joined(separator: ".")): "
        }
        return switch error {
        case .keyNotFound(let key, let context): place(context, key) + "is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): place(context) + context.debugDescription
        case .dataCorrupted(let context): place(context) + "not readable as JSON: \(context.debugDescription)"
        @unknown default: "\(error)"
        }
    }
}

/// An element of a list that may be wrong without making the whole file wrong.
struct Lenient<Value: Decodable>: Decodable {
    let result: Result<Value, ElementProblem>

    struct ElementProblem: Error { let text: String }

    init(from decoder: any Decoder) {
        do { result = .success(try Value(from: decoder)) } catch {
            result = .failure(ElementProblem(text: AnnotationFile.describe(error)))
        }
    }
}
