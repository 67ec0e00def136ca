import SegmentAnything
import SelfPerception
import Service

/// Figures of others that were measured before, for `flawd bench --against-notes`: a peer in the same run says more.
enum BenchmarkNotes {
    private struct Note {
        var subject: BenchCommand.Subject
        var encoder: ModelConfiguration.Encoder
        /// Width of the encoder's tokens, where the encoder comes in several sizes.
        var width: Int?
        var name: String
        var milliseconds: Double
    }

    private static let machine = "AMD EPYC, 2 cores, Float32, 2 threads"
    private static let notes = [
        Note(subject: .encoder, encoder: .vit, width: 768, name: "PyTorch", milliseconds: 25_500),
        Note(subject: .encoder, encoder: .vit, width: 768, name: "ONNX Runtime", milliseconds: 9_000),
        Note(subject: .encoder, encoder: .vit, width: 768, name: "OpenVINO", milliseconds: 8_700),
        Note(subject: .frame, encoder: .lite0, width: nil, name: "PyTorch", milliseconds: 206),
        Note(subject: .frame, encoder: .lite0, width: nil, name: "ONNX Runtime", milliseconds: 93),
        Note(subject: .frame, encoder: .lite0, width: nil, name: "OpenVINO", milliseconds: 70),
    ]

    static func lines(for report: any BenchmarkReport) -> [String] {
        guard let (subject, model, milliseconds) = report.noted else { return ["nothing was noted for this benchmark"] }
        let known = notes.filter { $0.subject == subject && $0.encoder == model.encoder && ($0.width == nil || $0.width == model.embedDim) }
        guard !known.isEmpty else { return ["nothing was noted for this model's \(subject.rawValue)"] }
        return known.map {
            "noted (\(machine)): \($0.name) \(fixed($0.milliseconds, 0)) ms; here flawd takes \(fixed(milliseconds / $0.milliseconds, 2)) of it"
        }
    }
}
