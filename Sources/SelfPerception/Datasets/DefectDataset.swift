import Foundation

/// Pictures of good and defective parts with pixel truth, in one of the layouts that industrial data comes in.
public struct DefectDataset: Sendable {
    /// The folder's name.
    public let name: String
    public let layout: DatasetLayout
    /// Empty for layouts without a split (`mtd`, and loose folders of `published`, `coco` and `labelme`).
    public let train: [DefectSample]
    /// All samples of a layout without a split.
    public let test: [DefectSample]
    /// One line for each file that was left out: the file, what is wrong, what would be right.
    public let skipped: [String]

    /// Reads the names of all samples, every picture's header and all truth.
    ///
    /// - Parameters:
    ///   - directory: the data set's folder, or one product's in it; for COCO also its JSON file.
    ///   - layout: how the files lie; recognised by itself where nil.
    ///   - isStrict: the first file that is wrong is an error, instead of being named in ``skipped``.
    /// - Throws: ``DatasetError`` when the folder cannot be listed, has no known layout or holds no sample.
    public static func open(_ directory: String, layout: DatasetLayout? = nil, isStrict: Bool = false) throws(DatasetError) -> DefectDataset {
        let path = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        guard FileManager.default.fileExists(atPath: path) else {
            throw DatasetError(description: "\(path): no such folder; a data set is expected")
        }
        guard DatasetFolder.isFolder(path) || DatasetFolder.isEnding(path, of: ["json"]) else {
            throw DatasetError(description: "\(path): is no data set; its folder is expected, or COCO's JSON file")
        }
        let place = DatasetFolder.isFolder(path) ? try DatasetFolder(path) : DatasetFolder(file: path)
        guard let layout = layout ?? DatasetLayout.detect(place) else {
            let known = DatasetLayout.allCases.map { "  \($0.rawValue): \($0.shape)" }.joined(separator: "\n")
            throw DatasetError(description: "\(path): holds no data set of a known layout; known are\n\(known)")
        }
        let collector = SampleCollector()
        try layout.reader.read(place, into: collector)
        let dataset = collector.finish(URL(fileURLWithPath: path).lastPathComponent, layout)
        if isStrict, let first = dataset.skipped.first {
            let more = dataset.skipped.count - 1
            throw DatasetError(description: first + (more > 0 ? " (and \(more) more)" : ""))
        }
        if dataset.train.isEmpty, dataset.test.isEmpty {
            let reason = dataset.skipped.first.map { "; the first file left out: \($0)" } ?? ""
            throw DatasetError(description: "\(path): holds no sample; layout \(layout.rawValue) is \(layout.shape)\(reason)")
        }
        return dataset
    }

    /// Train and test together, test last.
    public var samples: [DefectSample] { train + test }
}
