import ArgumentParser
import Foundation
import Streaming

/// Who must answer at an address: a public key, or a file that has one, with `ADDRESS=` in front where it is not for every address.
struct ServerKeyArgument: ExpressibleByArgument {
    /// nil: every address that is connected to.
    var address: String?
    private var text: String

    init?(argument: String) {
        // A key may have = signs and begin with anything; it comes first.
        guard (try? CurveKey(argument)) == nil, let separator = argument.firstIndex(of: "="), argument.hasPrefix("tcp://") || argument.hasPrefix("ipc://")
        else {
            guard !argument.isEmpty else { return nil }
            text = argument
            return
        }
        address = String(argument[..<separator])
        text = String(argument[argument.index(after: separator)...])
    }

    /// - Throws: `ValidationError` or `CurveError` for what is neither a key nor such a file.
    func key() throws -> CurveKey {
        do { return try CurveKey(text) } catch {
            guard FileManager.default.fileExists(atPath: text) else {
                throw ValidationError("--server-key '\(text)': is no file, and as a key it \(error.problem)")
            }
            return try CurveKeyFile.publicKey(path: text)
        }
    }
}
