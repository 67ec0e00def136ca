import Imaging

extension RegionFileDecoder {
    static let maxPolygonPoints = 10_000

    mutating func shape(_ field: NodeReader.Field, in camera: CameraContext) -> Shape? {
        let kinds = ["box", "polygon", "ellipse", "frame"]
        let known = reader.findings.count
        guard let fields = reader.record(field, keys: kinds) else { return nil }
        guard fields.count == 1, let (kind, value) = fields.first else {
            // A mistyped kind was already named.
            if reader.findings.count == known {
                reader.note(field, "must have exactly one of \(kinds.joined(separator: ", ")), but has \(fields.count)")
            }
            return nil
        }
        let shape: Shape? = switch kind {
        case "box": box(value)
        case "polygon": polygon(value)
        case "ellipse": ellipse(value)
        default: frame(value)
        }
        guard let shape, let bounds = shape.bounds else { return shape }
        guard camera.hasSize else {
            reader.note(value, "a drawn shape needs the camera's `reference_size`: the frame size that it was drawn on")
            return shape
        }
        guard let size = camera.size else { return shape }
        let width = Double(size.width), height = Double(size.height)
        if !shape.meets(width: width, height: height) {
            reader.note(value, "lies wholly outside the reference size \(size.width)×\(size.height)")
            return nil
        }
        if !bounds.isInside(width: width, height: height) {
            warn(value, "reaches beyond the reference size \(size.width)×\(size.height) and is clipped to it")
        }
        return shape
    }

    private mutating func box(_ field: NodeReader.Field) -> Shape? {
        guard let v = reader.numbers(field, count: 4, form: "[x0, y0, x1, y1]", in: Self.coordinates) else { return nil }
        guard v[0] <= v[2], v[1] <= v[3] else {
            let right = [min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3])].map(\.short)
            reader.note(field, "corners are reversed; write [x0, y0, x1, y1] as [\(right.joined(separator: ", "))]")
            return nil
        }
        guard v[0] < v[2], v[1] < v[3] else {
            reader.note(field, "has no area: x0 < x1 and y0 < y1 are needed")
            return nil
        }
        return .box(x0: v[0], y0: v[1], x1: v[2], y1: v[3])
    }

    private mutating func ellipse(_ field: NodeReader.Field) -> Shape? {
        guard let v = reader.numbers(field, count: 4, form: "[cx, cy, rx, ry]", in: Self.coordinates) else { return nil }
        guard v[2] > 0, v[3] > 0 else {
            reader.note(field, "has no area: both radii must be above 0")
            return nil
        }
        return .ellipse(cx: v[0], cy: v[1], rx: v[2], ry: v[3])
    }

    private mutating func polygon(_ field: NodeReader.Field) -> Shape? {
        guard let items = reader.items(field, count: 3...Self.maxPolygonPoints, of: "points [x, y]") else { return nil }
        let vertices = items.compactMap { item in
            reader.numbers(item, count: 2, form: "[x, y]", in: Self.coordinates).map { Polygon.Vertex(x: $0[0], y: $0[1]) }
        }
        guard vertices.count == items.count else { return nil }
        let polygon = Polygon(vertices)
        guard polygon.vertices.count >= 3 else {
            reader.note(field, "has only \(polygon.vertices.count) different points; a polygon has 3 at least")
            return nil
        }
        if let (first, second) = polygon.firstCrossing() {
            func edge(_ index: Int) -> String {
                let a = polygon.vertices[index], b = polygon.vertices[(index + 1) % polygon.vertices.count]
                return "[\(a.x.short), \(a.y.short)]–[\(b.x.short), \(b.y.short)]"
            }
            reader.note(field, "crosses or touches itself: edges \(edge(first)) and \(edge(second)); list the outline in order")
            return nil
        }
        guard polygon.area > 0 else {
            reader.note(field, "has no area")
            return nil
        }
        return .polygon(polygon)
    }

    private mutating func frame(_ field: NodeReader.Field) -> Shape? {
        guard let text = reader.text(field) else { return nil }
        guard text == "true" else {
            reader.note(field, "must be `true`, but is \(text.quotedForMessage)")
            return nil
        }
        return .frame
    }
}
