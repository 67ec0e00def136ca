import Foundation
import Inspection
import Streaming

extension VerdictEvent {
    /// A verdict of a recording, which may hold anything.
    ///
    /// - Throws: `GateError` saying what is wrong with it.
    init(_ recorded: RecordedVerdict) throws(GateError) {
        let event: VerdictEvent
        do { event = try JSONDecoder().decode(VerdictEvent.self, from: Data(recorded.json)) } catch {
            throw GateError("no verdict that flawd reads: \(Self.words(for: error))")
        }
        guard event.schemaVersion == 1, event.type == "verdict" else {
            throw GateError("\(event.type.prefix(40)) of schema version \(event.schemaVersion); verdicts of version 1 are read")
        }
        guard event.camera == recorded.camera else {
            throw GateError("it names the camera \(event.camera.prefix(200).debugDescription), its topic \(recorded.camera.debugDescription)")
        }
        if let region = event.regions.first(where: { !(0...1).contains($0.score) }) {
            throw GateError("region \(region.name.prefix(80).debugDescription) has the score \(region.score); scores are from 0 to 1")
        }
        self = event
        // What the model said is compared, not what the station let out.
        if withheld != nil, verdict == .review { verdict = .pass }
    }

    private static func words(for error: any Error) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
            return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
        }
        let text = switch error as? DecodingError {
        case .keyNotFound(let key, _): "\(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): place(context)
        default: "\(error)"
        }
        return String(text.prefix(300))
    }
}
