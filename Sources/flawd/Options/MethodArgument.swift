import ArgumentParser
import Foundation
import SelfPerception

/// `NAME=MODEL` or `NAME=MODEL+ADAPTER` on the command line.
struct MethodArgument: ExpressibleByArgument {
    var name: String
    var model: String
    var adapter: String?

    init(name: String, model: String, adapter: String?) {
        (self.name, self.model, self.adapter) = (name, model, adapter)
    }

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else { return nil }
        name = String(argument[..<equals])
        let files = argument[argument.index(after: equals)...]
        // A path may hold a + of its own: the one between two files that are there divides them, else the first.
        let divisions = files.indices.filter { files[$0] == "+" }
        func parts(_ place: String.Index) -> (model: String, adapter: String) {
            (String(files[..<place]), String(files[files.index(after: place)...]))
        }
        func isThere(_ path: String) -> Bool { path == SPTModel.embeddedName || FileManager.default.fileExists(atPath: path) }
        let known = divisions.first { isThere(parts($0).model) && isThere(parts($0).adapter) }
        if let place = known ?? (isThere(String(files)) ? nil : divisions.first) {
            let (first, second) = parts(place)
            (model, adapter) = (first, second)
        } else {
            model = String(files)
        }
        if model.isEmpty || adapter?.isEmpty == true { return nil }
    }
}

extension DatasetLayout: ExpressibleByArgument {}
extension EvaluationPrompt: ExpressibleByArgument {}
