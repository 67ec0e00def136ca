extension RegionFileDecoder {
    private static let limitKeys = [
        "fail_score", "review_score", "max_defects", "min_area_px", "min_area_mm2", "max_area_px", "max_area_mm2",
        "min_agreement",
    ]

    mutating func limits(_ field: NodeReader.Field, shape: Shape?, in camera: CameraContext) -> Limits? {
        guard let fields = reader.record(field, keys: Self.limitKeys) else { return nil }
        var limits = Limits()
        let fail = fields["fail_score"].flatMap { reader.number($0, in: 0...1) }
        let review = fields["review_score"].flatMap { reader.number($0, in: 0...1) }
        // One of the two alone moves the other's default out of its way.
        limits.failScore = fail ?? max(Limits.defaultFailScore, review ?? 0)
        limits.reviewScore = review ?? min(Limits.defaultReviewScore, fail ?? 1)
        if let fail, let review, review > fail, let reviewField = fields["review_score"] {
            reader.note(reviewField, "\(review.short) is above fail_score \(fail.short); the review band lies below it")
        }
        if let count = fields["max_defects"] { limits.maxDefects = reader.integer(count, in: 0...1_000_000) ?? 0 }
        limits.minAgreement = fields["min_agreement"].flatMap { reader.number($0, in: 0...1) }
        limits.minArea = area("min_area", fields, in: camera)
        limits.maxArea = area("max_area", fields, in: camera)
        checkAreas(limits, fields, shape: shape, in: camera)
        return limits
    }

    private mutating func area(_ key: String, _ fields: [String: NodeReader.Field], in camera: CameraContext) -> Limits.Area? {
        let px = fields["\(key)_px"], mm2 = fields["\(key)_mm2"]
        if px != nil, let mm2 {
            reader.note(mm2, "give `\(key)_px` or `\(key)_mm2`, not both")
            return nil
        }
        if let px { return reader.number(px, in: 0...1e12).map(Limits.Area.px) }
        guard let mm2 else { return nil }
        guard camera.hasPixelsPerMm else {
            reader.note(mm2, "needs the camera's `pixels_per_mm`; without it use `\(key)_px`")
            return nil
        }
        return reader.number(mm2, in: 0...1e12).map(Limits.Area.mm2)
    }

    private mutating func checkAreas(
        _ limits: Limits, _ fields: [String: NodeReader.Field], shape: Shape?, in camera: CameraContext
    ) {
        guard let minArea = limits.minArea, let field = fields["min_area_px"] ?? fields["min_area_mm2"],
              let smallest = minArea.pixels(pixelsPerMm: camera.pixelsPerMm) else { return }
        if let maxArea = limits.maxArea, let largest = maxArea.pixels(pixelsPerMm: camera.pixelsPerMm), smallest > largest {
            reader.note(field, "min_area \(minArea.text) is above max_area \(maxArea.text)")
        }
        guard let size = camera.size, let shape else { return }
        let width = Double(size.width), height = Double(size.height)
        let whole = shape.bounds?.clipped(width: width, height: height).area ?? width * height
        if smallest > whole {
            reader.note(
                field, "min_area \(minArea.text) is more than the whole region (\(whole.short) px): no defect could count")
        }
    }
}
