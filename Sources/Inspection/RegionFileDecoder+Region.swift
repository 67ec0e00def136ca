import Imaging
import SegmentAnything

extension RegionFileDecoder {
    mutating func region(_ field: NodeReader.Field, in camera: CameraContext) -> RegionDefinition? {
        let keys = ["name", "shape", "prompt", "points", "grid", "view", "limits"]
        guard let fields = reader.record(field, keys: keys, required: ["name", "shape"]) else { return nil }

        var name = fields["name"].flatMap { reader.text($0) }
        if let text = name, text.allSatisfy(\.isWhitespace), let nameField = fields["name"] {
            reader.note(nameField, "must not be empty")
            name = nil
        }
        let shape = fields["shape"].flatMap { self.shape($0, in: camera) }
        let view = fields["view"].map { reader.word($0, as: RegionDefinition.View.self) } ?? .crop
        let kind = fields["prompt"].map { reader.word($0, as: RegionDefinition.PromptKind.self) } ?? .box
        var points: [Prompt.Point] = []
        if let pointsField = fields["points"] {
            points = self.points(pointsField, kind: kind, shape: shape, view: view, in: camera)
        } else if kind == .points {
            reader.note(field, "`points` is missing: `prompt: points` needs [[x, y, label], …]")
        }
        let grid = fields["grid"].flatMap { self.grid($0, kind: kind) } ?? RegionDefinition.Grid()
        if kind == .grid, let shape { checkGrid(grid, shape: shape, field: fields["grid"] ?? field, in: camera) }
        let limits = fields["limits"].flatMap { self.limits($0, shape: shape, in: camera) } ?? Limits()

        guard let name, let shape, let view, let kind else { return nil }
        return RegionDefinition(
            name: name, shape: shape, prompt: kind, points: points, grid: grid, view: view, limits: limits)
    }

    /// Checks that each point can be shown to the model and means something there.
    private mutating func points(
        _ field: NodeReader.Field, kind: RegionDefinition.PromptKind?, shape: Shape?, view: RegionDefinition.View?,
        in camera: CameraContext
    ) -> [Prompt.Point] {
        if let kind, kind != .box, kind != .points {
            reader.note(field, "points are only used with `prompt: points`, or `prompt: box` (box and points together)")
        }
        if !camera.hasSize, shape == .frame {
            reader.note(field, "points need the camera's `reference_size`: the frame size that they were drawn on")
        }
        guard let items = reader.items(field, count: 1...64, of: "points [x, y, label]") else { return [] }
        var points: [Prompt.Point] = []
        for item in items {
            guard let parts = reader.items(item, count: 3...3, of: "numbers [x, y, label]"),
                  let x = reader.number(parts[0], in: Self.coordinates),
                  let y = reader.number(parts[1], in: Self.coordinates),
                  let value = reader.integer(parts[2], in: 0...1),
                  let label = Prompt.Point.Label(rawValue: value) else { continue }
            points.append(Prompt.Point(x: Float(x), y: Float(y), label: label))
            let place = "[\(x.short), \(y.short)]"
            if let size = camera.size, !(0...Double(size.width)).contains(x) || !(0...Double(size.height)).contains(y) {
                reader.note(item, "point \(place) lies outside the reference size \(size.width)×\(size.height)")
            } else if let shape, label == .foreground, !shape.contains(x: x, y: y) {
                reader.note(item, "foreground point \(place) lies outside the region's shape")
            } else if view == .crop, let bounds = shape?.bounds,
                      x < bounds.x0 || x > bounds.x1 || y < bounds.y0 || y > bounds.y1 {
                reader.note(item, "point \(place) lies outside the crop; `view: frame` would show it to the model")
            }
        }
        if kind == .points, points.count == items.count, !points.contains(where: { $0.label == .foreground }) {
            reader.note(field, "at least one point must be foreground (label 1)")
        }
        return points
    }

    private mutating func grid(_ field: NodeReader.Field, kind: RegionDefinition.PromptKind?) -> RegionDefinition.Grid? {
        if let kind, kind != .grid { reader.note(field, "`grid` is only used with `prompt: grid`") }
        guard let fields = reader.record(field, keys: ["columns", "rows"]) else { return nil }
        var grid = RegionDefinition.Grid()
        if let columns = fields["columns"] {
            grid.columns = reader.integer(columns, in: RegionDefinition.Grid.range) ?? grid.columns
        }
        if let rows = fields["rows"] { grid.rows = reader.integer(rows, in: RegionDefinition.Grid.range) ?? grid.rows }
        return grid
    }

    private mutating func checkGrid(
        _ grid: RegionDefinition.Grid, shape: Shape, field: NodeReader.Field, in camera: CameraContext
    ) {
        guard let bounds = shape.bounds, let size = camera.size else { return }
        let clipped = bounds.clipped(width: Double(size.width), height: Double(size.height))
        guard grid.points(over: clipped).contains(where: { shape.contains(x: $0.x, y: $0.y) }) else {
            reader.note(field, "no point of the \(grid.columns)×\(grid.rows) grid lies inside the shape; use more of them")
            return
        }
    }
}

extension RegionDefinition.Grid {
    /// The centres of the grid's cells over a rectangle, row by row.
    func points(over bounds: Bounds) -> [Polygon.Vertex] {
        (0..<rows).flatMap { row in
            (0..<columns).map { column in
                Polygon.Vertex(
                    x: bounds.x0 + (bounds.x1 - bounds.x0) * (Double(column) + 0.5) / Double(columns),
                    y: bounds.y0 + (bounds.y1 - bounds.y0) * (Double(row) + 0.5) / Double(rows))
            }
        }
    }
}
