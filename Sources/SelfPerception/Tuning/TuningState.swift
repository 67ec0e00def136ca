import Foundation
import SegmentAnything
import Tensor

/// Where a run is: enough to go on after it was killed as if it had not been.
struct TuningState: Codable, Equatable {
    /// What the run depends on; another run's state is refused.
    var fingerprint: String
    var settings: TuningSettings
    var epoch = 0
    /// Entries of the epoch that are done.
    var entry = 0
    var optimiserSteps = 0
    var draftLoss = 0.0
    var refinedLoss = 0.0
    var before: EpochSummary.Validation?
    var history: [EpochSummary] = []
    var bestEpoch: Int?

    private static let key = "tuning_state"

    /// Writes the counters, the weights, the optimiser's moments and the average; an older file is replaced whole or not at all.
    func write(to path: String, optimiser: AdamW, average: WeightAverage?) throws {
        let tensors = Self.tensors(of: optimiser, average).map {
            StoredTensor(name: $0.name, type: .f32, shape: $0.shape, values: UnsafeBufferPointer($0.values.buffer))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(self), as: UTF8.self)
        try SafeTensorsWriter.write(tensors, metadata: [Self.key: text], to: path, overwrite: true)
    }

    /// Weights, moments and averages by the names that they have in a file.
    private static func tensors(of optimiser: AdamW, _ average: WeightAverage?) -> [(name: String, shape: [Int], values: Tensor)] {
        let trained = zip(optimiser.parameters, optimiser.moments).flatMap { parameter, moments in
            [("value.", parameter.value), ("first.", moments.first), ("second.", moments.second)].map { prefix, values in
                (prefix + parameter.name, parameter.shape, values)
            }
        }
        guard let average else { return trained }
        return trained + zip(average.parameters, average.values).map { ("average." + $0.name, $0.shape, $1) }
    }

    /// Reads a state back into the weights and the optimiser.
    ///
    /// - Returns: nil when there is no such file.
    /// - Throws: ``TuningError`` when it is of another run, or damaged.
    static func read(_ path: String, expected: TuningState, optimiser: AdamW, average: WeightAverage?) throws -> TuningState? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let advice = "--restart begins anew, another --out leaves it alone"
        let file: SafeTensorsFile
        do { file = try SafeTensorsFile(path: path) } catch { throw TuningError(description: "\(error); \(advice)") }
        guard let text = file.metadata[key], let state = try? JSONDecoder().decode(TuningState.self, from: Data(text.utf8)) else {
            throw TuningError(description: "\(path): is not the state of a tuning run; \(advice)")
        }
        guard state.settings == expected.settings else {
            throw TuningError(description: "\(path): is the state of a run with other settings; \(advice)")
        }
        guard state.fingerprint == expected.fingerprint else {
            throw TuningError(description: "\(path): is the state of a run with another model or other pictures; \(advice)")
        }
        guard state.epoch == state.history.count, (0..<1 << 24).contains(state.entry), state.optimiserSteps >= 0,
            state.bestEpoch.map((1...max(1, state.history.count)).contains) ?? state.history.isEmpty
        else { throw TuningError(description: "\(path): its counters contradict one another; \(advice)") }
        for (name, shape, values) in tensors(of: optimiser, average) {
            guard file.entries[name]?.shape == shape else {
                throw TuningError(description: "\(path): lacks \(name) of shape \(shape); \(advice)")
            }
            try file.floats(name, into: values.pointer)
        }
        optimiser.steps = state.optimiserSteps
        return state
    }
}
