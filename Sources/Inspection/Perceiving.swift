import Imaging
import SegmentAnything
import SelfPerception

/// What `Inspector` needs of a model: show it a rectangle, then ask about it.
protocol Perceiving {
    /// - Parameter isNeeded: which parts of the rectangle will be asked about; nil: all.
    /// - Precondition: `rect` lies inside the image and is not empty.
    func display(_ image: RGBImage, rect: PixelRect, where isNeeded: ((PixelRect) -> Bool)?)

    /// One answer for each prompt, in their order. Valid until the next call.
    func ask(_ prompts: [Prompt]) -> [Perception]
}

extension SPTSession: Perceiving {}
