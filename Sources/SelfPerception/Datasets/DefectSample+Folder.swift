import Imaging

extension DefectSample {
    /// All pictures of a folder, as parts of one kind.
    ///
    /// `NAME.png` beside a picture of another format is the mask of `NAME`: a defective part's truth. A defective part
    /// without one is known to be defective, but not where.
    ///
    /// - Throws: ``DatasetError`` when the folder cannot be listed or holds no picture.
    public static func parts(in path: String, areDefective: Bool) throws(DatasetError) -> [DefectSample] {
        let folder = try DatasetFolder(path), masks = Set(folder.files(["png"]))
        let others = folder.pictures.filter { !masks.contains($0) }, named = Set(others.map(DatasetFolder.stem))
        let pictures = others + masks.filter { !named.contains(DatasetFolder.stem($0)) }.sorted()
        guard !pictures.isEmpty else {
            throw DatasetError(description: "\(path): holds no picture; expected files ending in \(PictureReader.endings.sorted().joined(separator: ", "))")
        }
        if !areDefective, let file = others.first(where: { masks.contains(DatasetFolder.stem($0) + ".png") }) {
            throw DatasetError(description: "\(folder.path(of: DatasetFolder.stem(file))).png: lies beside \(file) as a defective part's mask does; good parts have none")
        }
        return pictures.map { file in
            let name = DatasetFolder.stem(file), mask = "\(name).png"
            let hasMask = areDefective && file != mask && masks.contains(mask)
            return DefectSample(
                name: name, category: "", defect: areDefective ? "defect" : nil, imagePath: folder.path(of: file),
                truth: hasMask ? .files([folder.path(of: mask)], above: SampleTruth.level) : .none)
        }
    }
}
