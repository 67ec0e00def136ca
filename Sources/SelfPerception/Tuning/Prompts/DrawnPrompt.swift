import SegmentAnything

/// The question of one tuning step.
public struct DrawnPrompt: Equatable, Sendable {
    /// In pixels of the model's input.
    public let prompt: Prompt
    /// The right answer is an empty mask, whatever the picture's truth is; otherwise it is that truth.
    public let asksForNothing: Bool
    /// What a line would call the region: the box, or the whole picture where points alone were drawn.
    public let region: Prompt.Box
}
