/// One question to the model: a box, points, or both, about one object.
///
/// Coordinates are continuous pixels of the picture that was displayed (0 is its left or top edge).
public struct Prompt: Hashable, Sendable {
    public var points: [Point]
    public var box: Box?

    public init(points: [Point] = [], box: Box? = nil) {
        self.points = points
        self.box = box
    }

    public struct Point: Hashable, Sendable {
        public enum Label: Int, Sendable { case background = 0, foreground = 1 }
        public var x: Float
        public var y: Float
        public var label: Label

        public init(x: Float, y: Float, label: Label = .foreground) {
            self.x = x
            self.y = y
            self.label = label
        }
    }

    /// Two corners: (left, top) and (right, bottom).
    public struct Box: Hashable, Sendable {
        public var left: Float
        public var top: Float
        public var right: Float
        public var bottom: Float

        public init(left: Float, top: Float, right: Float, bottom: Float) {
            self.left = left
            self.top = top
            self.right = right
            self.bottom = bottom
        }
    }
}

extension Prompt {
    /// The same prompt in a picture whose sides are `x` and `y` times as long.
    public func scaled(x: Float, y: Float) -> Prompt {
        Prompt(
            points: points.map { Point(x: $0.x * x, y: $0.y * y, label: $0.label) },
            box: box.map { Box(left: $0.left * x, top: $0.top * y, right: $0.right * x, bottom: $0.bottom * y) })
    }
}
