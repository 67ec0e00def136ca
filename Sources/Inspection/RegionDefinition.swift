import Imaging
import SegmentAnything

/// One region as the file gives it, in pixels of the reference size.
struct RegionDefinition: Equatable, Sendable {
    enum PromptKind: String, CaseIterable, Sendable { case box, points, grid, auto }
    enum View: String, CaseIterable, Sendable { case crop, frame }
    /// What is encoded for the regions that are seen within the frame: all of it, or what they touch.
    enum Encode: String, CaseIterable, Sendable { case frame, region }

    struct Grid: Equatable, Sendable {
        var columns = 4
        var rows = 4
        /// Keeps the prompts of one region within one call of the model.
        static let range = 1...8
    }

    var name: String
    var shape: Shape
    var prompt = PromptKind.box
    var points: [Prompt.Point] = []
    var grid = Grid()
    var view = View.crop
    var limits = Limits()
}

/// One entry of `cameras`.
struct CameraEntry: Equatable, Sendable {
    var pattern: CameraPattern
    /// The frame size that the shapes were drawn on; nil when every shape is the whole frame.
    var referenceSize: PixelSize?
    /// At the reference size.
    var pixelsPerMm: Double?
    var encode = RegionDefinition.Encode.frame
    var regions: [RegionDefinition]
}
