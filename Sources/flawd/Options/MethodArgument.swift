import ArgumentParser
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
        guard let equals = argument.firstIndex(of: "=") else { return nil }
        let parts = argument[argument.index(after: equals)...].split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        name = String(argument[..<equals])
        model = String(parts[0])
        adapter = parts.count == 2 ? String(parts[1]) : nil
        if name.isEmpty || model.isEmpty || adapter?.isEmpty == true { return nil }
    }
}

extension DatasetLayout: ExpressibleByArgument {}
extension EvaluationPrompt: ExpressibleByArgument {}
