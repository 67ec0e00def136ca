/// One matrix product of a layer: `rows × inputs` times `inputs × outputs`.
public struct ProductSize: Sendable, Hashable {
    public let rows: Int
    public let inputs: Int
    public let outputs: Int

    public init(rows: Int, inputs: Int, outputs: Int) {
        self.rows = rows
        self.inputs = inputs
        self.outputs = outputs
    }

    /// Floating-point operations: a multiplication and an addition for each term.
    public var operations: Double { 2 * Double(rows) * Double(inputs) * Double(outputs) }
}
