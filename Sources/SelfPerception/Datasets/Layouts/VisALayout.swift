import Foundation

/// VisA: `PRODUCT/Data/Images/{Normal,Anomaly}/NNN.JPG`, masks `PRODUCT/Data/Masks/Anomaly/NNN.png` whose levels number the
/// kinds of defect, so that all above 0 is defective. `split_csv/1cls.csv` (`object,split,label,image,mask`, paths from the
/// root) says which are train and test; without it all samples are in the test part. The train part holds good parts only.
///
/// Source: Zou et al., "SPot-the-Difference", ECCV 2022, and its repository (amazon-science/spot-diff).
enum VisALayout: LayoutReader {
    static func recognises(_ place: DatasetFolder) -> Bool { !place.products(isProduct).isEmpty }

    static func read(_ place: DatasetFolder, into samples: SampleCollector) throws(DatasetError) {
        let listed = try trainPictures(place, samples)
        for (category, folder) in place.products(isProduct) {
            guard let data = folder.folder("Data"), let images = data.folder("Images") else { continue }
            var masks: [String: String] = [:]
            let marked = data.folder("Masks")?.folder("Anomaly")
            for file in marked?.files(["png"]) ?? [] { masks[DatasetFolder.stem(file)] = marked?.path(of: file) }
            for (kind, isGood) in [("Normal", true), ("Anomaly", false)] {
                guard let pictures = images.folder(kind) else { continue }
                for file in pictures.pictures {
                    let stem = DatasetFolder.stem(file), path = pictures.path(of: file)
                    let mask = isGood ? nil : masks.removeValue(forKey: stem)
                    guard isGood || mask != nil else {
                        samples.skip(path, "has no mask; Masks/Anomaly/\(stem).png is expected")
                        continue
                    }
                    samples.add(
                        DefectSample(
                            name: (category.isEmpty ? "" : "\(category)/") + "\(kind)/\(stem)", category: category,
                            defect: isGood ? nil : "anomaly", imagePath: path,
                            truth: mask.map { .files([$0], above: 0) } ?? .none),
                        to: listed.contains(path) ? .train : .test)
                }
            }
            for path in masks.values.sorted() { samples.skip(path, "a mask without its picture in Images/Anomaly") }
        }
    }

    private static func isProduct(_ folder: DatasetFolder) -> Bool { folder.folder("Data")?.folder("Images") != nil }

    /// The paths of the pictures that the split file gives to the train part. One product's folder has it beside itself.
    private static func trainPictures(_ place: DatasetFolder, _ samples: SampleCollector) throws(DatasetError) -> Set<String> {
        let product = isProduct(place) ? URL(fileURLWithPath: place.path).standardizedFileURL.lastPathComponent + "/" : nil
        let root = product == nil ? place : try? DatasetFolder(place.path + "/..")
        guard let folder = root?.folder("split_csv"), folder.has("1cls.csv") else { return [] }
        let path = folder.path(of: "1cls.csv"), text: String
        do { text = try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8) } catch {
            throw DatasetError(description: "\(path): cannot be read: \(error.localizedDescription)")
        }
        var train: Set<String> = []
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.first == "object,split,label,image,mask" else {
            throw DatasetError(description: "\(path): its first line is not object,split,label,image,mask; without the split, train pictures would be tested on")
        }
        for (number, line) in lines.enumerated().dropFirst() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == 5, fields[1] == "train" || fields[1] == "test" else {
                samples.skip(path, "line \(number + 1) is not object,split,label,image,mask with a split of train or test")
                continue
            }
            guard fields[3].hasPrefix(product ?? "") else { continue }
            let picture = place.path(of: String(fields[3].dropFirst(product?.count ?? 0)))
            guard FileManager.default.fileExists(atPath: picture) else {
                samples.skip(path, "line \(number + 1) names \(fields[3]), which is not there")
                continue
            }
            if fields[1] == "train" { train.insert(picture) }
        }
        return train
    }
}
