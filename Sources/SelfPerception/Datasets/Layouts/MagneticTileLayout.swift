/// Magnetic tile defects as shipped: `MT_KIND/Imgs/NAME.jpg` + `NAME.png` for Blowhole, Break, Crack, Fray, Uneven and
/// Free, where Free holds good tiles with masks that mark nothing. There is no split: all samples are in the test part.
///
/// Source: Huang, Qiu, Yuan, "Surface defect saliency of magnetic tile", The Visual Computer 2020, and its repository
/// (abin24/Magnetic-tile-defect-datasets).
enum MagneticTileLayout: LayoutReader {
    private static let free = "Free"

    static func recognises(_ place: DatasetFolder) -> Bool { !kinds(place).isEmpty }

    static func read(_ place: DatasetFolder, into samples: SampleCollector) {
        for (kind, folder) in kinds(place) {
            var masks: [String: String] = [:]
            for file in folder.files(["png"]) { masks[DatasetFolder.stem(file)] = folder.path(of: file) }
            for file in folder.files(["jpg", "jpeg"]) {
                let stem = DatasetFolder.stem(file), path = folder.path(of: file), mask = masks.removeValue(forKey: stem)
                guard kind == free || mask != nil else {
                    samples.skip(path, "has no mask; \(stem).png is expected beside it")
                    continue
                }
                // A mask of a good tile is looked at all the same: one that marks something is a wrong file.
                samples.add(
                    DefectSample(
                        name: "\(kind)/\(stem)", category: "", defect: mask == nil ? nil : kind, imagePath: path,
                        truth: mask.map { .files([$0], above: SampleTruth.level) } ?? .none),
                    to: .test, emptyMeans: kind == free ? .onlyGood : .wrong)
            }
            for path in masks.values.sorted() { samples.skip(path, "a mask without its picture") }
        }
    }

    private static func kinds(_ place: DatasetFolder) -> [(kind: String, folder: DatasetFolder)] {
        place.folders.compactMap { name, folder in
            guard name.hasPrefix("MT_"), let pictures = folder.folder("Imgs") else { return nil }
            return (String(name.dropFirst(3)), pictures)
        }
    }
}
