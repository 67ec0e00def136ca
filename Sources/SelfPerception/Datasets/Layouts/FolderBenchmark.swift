/// What MVTec AD, MPDD and BTAD share: `PRODUCT/{train,test}/KIND/PICTURE`, and `PRODUCT/ground_truth/KIND/MASK` for the
/// kinds that are defects. The train part holds good parts only.
struct FolderBenchmark {
    /// The folder of good parts.
    let good: String
    /// What a mask's name has after its picture's.
    let maskSuffix: String

    func isProduct(_ folder: DatasetFolder) -> Bool {
        folder.folder("train")?.folder(good) != nil || folder.folder("test")?.folder(good) != nil
            || folder.folder("ground_truth") != nil && folder.folder("test") != nil
    }

    func read(_ place: DatasetFolder, into samples: SampleCollector) {
        for (category, product) in place.products(isProduct) {
            for (split, part) in [("train", SampleCollector.Part.train), ("test", .test)] {
                for (kind, folder) in product.folder(split)?.folders ?? [] {
                    read(folder, kind, truth: product.folder("ground_truth")?.folder(kind), category, part, samples)
                }
            }
        }
    }

    private func read(
        _ folder: DatasetFolder, _ kind: String, truth: DatasetFolder?, _ category: String, _ part: SampleCollector.Part,
        _ samples: SampleCollector
    ) {
        var masks: [String: String] = [:]
        for file in truth?.files(["png", "bmp"]) ?? [] { masks[DatasetFolder.stem(file)] = truth?.path(of: file) }
        for file in folder.pictures {
            let stem = DatasetFolder.stem(file), path = folder.path(of: file)
            let mask = masks.removeValue(forKey: stem + maskSuffix)
            guard kind == good || mask != nil else {
                samples.skip(path, "has no mask; ground_truth/\(kind)/\(stem)\(maskSuffix).png is expected")
                continue
            }
            samples.add(
                DefectSample(
                    name: (category.isEmpty ? "" : "\(category)/") + "\(kind)/\(stem)", category: category,
                    defect: kind == good ? nil : kind, imagePath: path,
                    truth: kind == good ? .none : mask.map { .files([$0], above: 0) } ?? .none),
                to: part)
        }
        // BTAD has masks of good parts; elsewhere a mask in this folder belongs to a picture that is not there.
        for path in masks.values.sorted() where kind != good { samples.skip(path, "a mask without its picture in \(folder.path)") }
    }
}

/// MVTec AD: `PRODUCT/{train/good, test/{good,KIND}}/NNN.png`, masks `PRODUCT/ground_truth/KIND/NNN_mask.png`, 255 where
/// defective.
///
/// Source: Bergmann et al., "The MVTec Anomaly Detection Dataset", IJCV 2021, and the archive's readme.
enum MVTecLayout: LayoutReader {
    private static let benchmark = FolderBenchmark(good: "good", maskSuffix: "_mask")

    static func recognises(_ place: DatasetFolder) -> Bool { !place.products(benchmark.isProduct).isEmpty }

    static func read(_ place: DatasetFolder, into samples: SampleCollector) { benchmark.read(place, into: samples) }
}

/// MPDD (painted metal parts): laid out as MVTec AD is, known by its six products.
///
/// Source: Jezek et al., "Deep learning-based defect detection of metal parts", ICUMT 2021, and the archive.
enum MPDDLayout: LayoutReader {
    private static let products: Set<String> = ["bracket_black", "bracket_brown", "bracket_white", "connector", "metal_plate", "tubes"]

    static func recognises(_ place: DatasetFolder) -> Bool {
        MVTecLayout.recognises(place) && place.folders.count { products.contains($0.name) } >= 2
    }

    static func read(_ place: DatasetFolder, into samples: SampleCollector) { MVTecLayout.read(place, into: samples) }
}

/// BTAD: products `01`, `02`, `03`, each `{train/ok, test/{ok,ko}}/NNNN.{bmp,png}`, masks `ground_truth/ko/NNNN.{png,bmp}`
/// under the picture's own name, nonzero where defective.
///
/// Source: Mishra et al., "VT-ADL", ISIE 2021, and the archive (beanTech).
enum BTADLayout: LayoutReader {
    private static let benchmark = FolderBenchmark(good: "ok", maskSuffix: "")

    static func recognises(_ place: DatasetFolder) -> Bool {
        !place.products { $0.folder("train")?.folder("ok") != nil || $0.folder("test")?.folder("ko") != nil }.isEmpty
    }

    static func read(_ place: DatasetFolder, into samples: SampleCollector) { benchmark.read(place, into: samples) }
}
