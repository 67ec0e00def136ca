/// The layout of the SPT paper's evaluation: `NAME/{train,test}/PART.jpg`, and `PART.png` of 0 and 255 where the part is
/// defective. A folder that holds such pairs itself is a test part without a train part. The kind of defect is not stated.
///
/// Source: "Self-perception tuning" (AAAI 2025), its evaluation code's data folders.
enum PublishedLayout: LayoutReader {
    private static let endings: Set<String> = ["jpg", "jpeg"]

    /// Pictures of other kinds, which could be masks.
    private static let strangers: Set<String> = ["bmp", "tif", "tiff", "webp", "gif", "pgm", "ppm", "jp2"]

    static func recognises(_ place: DatasetFolder) -> Bool {
        hasPairs(place) || !place.products(isSplit).isEmpty
    }

    static func read(_ place: DatasetFolder, into samples: SampleCollector) throws(DatasetError) {
        let products = place.products(isSplit)
        guard !products.isEmpty else { return read(place, category: "", to: .test, into: samples) }
        for (category, folder) in products {
            for (name, part) in [("train", SampleCollector.Part.train), ("test", .test)] {
                if let split = folder.folder(name) { read(split, category: category, to: part, into: samples) }
            }
        }
    }

    private static func hasPairs(_ folder: DatasetFolder) -> Bool { !folder.files(endings).isEmpty }

    private static func isSplit(_ folder: DatasetFolder) -> Bool {
        ["train", "test"].contains { folder.folder($0).map(hasPairs) ?? false }
    }

    private static func read(_ folder: DatasetFolder, category: String, to part: SampleCollector.Part, into samples: SampleCollector) {
        var masks: [String: String] = [:]
        for file in folder.files(["png"]) { masks[DatasetFolder.stem(file)] = folder.path(of: file) }
        var pictured: Set<String> = [], strange: Set<String> = []
        for file in folder.files(strangers) {
            strange.insert(DatasetFolder.stem(file))
            samples.skip(folder.path(of: file), "is neither a picture nor a mask here: pictures are .jpg, masks .png; what it belongs to is left out, too")
        }
        for file in folder.files(endings) {
            let name = DatasetFolder.stem(file)
            pictured.insert(name)
            // With a mask that is not read it would count as good.
            guard !strange.contains(name) else { continue }
            let mask = masks[name]
            samples.add(
                DefectSample(
                    name: category.isEmpty ? name : "\(category)/\(name)", category: category, defect: mask == nil ? nil : "defect",
                    imagePath: folder.path(of: file), truth: mask.map { .files([$0], above: SampleTruth.level) } ?? .none),
                to: part)
        }
        for (name, mask) in masks.sorted(by: { $0.key < $1.key }) where !pictured.contains(name) {
            samples.skip(mask, "a mask without its picture \(name).jpg")
        }
    }
}
