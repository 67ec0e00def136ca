import Foundation
import Imaging

/// Images and masks in the published layout: `DIR/NAME.jpg`, and `DIR/NAME.png` where the part is defective.
public struct PublishedDataset: Sendable {
    public struct Item: Sendable {
        public let name: String
        public let image: String
        /// nil: a good part.
        public let mask: String?
    }

    public let items: [Item]

    /// - Throws: ``DatasetError`` when the folder cannot be read or holds no image.
    public init(directory: String) throws(DatasetError) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        } catch {
            throw DatasetError(description: "\(directory): cannot be read: \(error.localizedDescription)")
        }
        let masks = Set(names.filter { $0.lowercased().hasSuffix(".png") }.map { String($0.dropLast(4)) })
        items = names.compactMap { file in
            let lower = file.lowercased()
            guard let ending = [".jpg", ".jpeg"].first(where: lower.hasSuffix) else { return nil }
            let name = String(file.dropLast(ending.count))
            return Item(
                name: name, image: "\(directory)/\(file)", mask: masks.contains(name) ? "\(directory)/\(name).png" : nil)
        }
        if items.isEmpty { throw DatasetError(description: "\(directory): holds no .jpg; expected NAME.jpg, and NAME.png where there is a defect") }
    }
}

/// What is wrong with a data set; names the folder or file.
public struct DatasetError: Error, CustomStringConvertible {
    public let description: String
}
