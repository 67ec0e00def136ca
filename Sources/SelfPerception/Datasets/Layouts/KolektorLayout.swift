/// KolektorSDD2: `{train,test}/NNNNN.png`, each with a mask `NNNNN_GT.png`, which marks nothing where the part is good.
///
/// Source: Božič, Tabernik, Skočaj, "Mixed supervision for surface-defect detection", Computers in Industry 2021, and the
/// archive (vicos.si/resources/kolektorsdd2).
enum KolektorLayout: LayoutReader {
    private static let suffix = "_GT"

    static func recognises(_ place: DatasetFolder) -> Bool {
        ["train", "test"].contains { split in
            place.folder(split)?.files(["png"]).contains { DatasetFolder.stem($0).hasSuffix(suffix) } ?? false
        }
    }

    static func read(_ place: DatasetFolder, into samples: SampleCollector) {
        for (split, part) in [("train", SampleCollector.Part.train), ("test", .test)] {
            guard let folder = place.folder(split) else { continue }
            let stems = folder.files(["png"]).map(DatasetFolder.stem), known = Set(stems)
            for stem in stems {
                if stem.hasSuffix(suffix) {
                    if !known.contains(String(stem.dropLast(suffix.count))) {
                        samples.skip(folder.path(of: "\(stem).png"), "a mask without its picture")
                    }
                    continue
                }
                let path = folder.path(of: "\(stem).png")
                guard known.contains(stem + suffix) else {
                    samples.skip(path, "has no mask; \(stem)\(suffix).png is expected beside it")
                    continue
                }
                samples.add(
                    DefectSample(
                        name: stem, category: "", defect: "defect", imagePath: path,
                        truth: .files([folder.path(of: "\(stem)\(suffix).png")], above: 0)),
                    to: part, emptyMeans: .good)
            }
        }
    }
}
