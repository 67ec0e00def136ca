import Imaging

/// The parts of a COCO annotation file that say what is defective.
///
/// Source: cocodataset.org, "Data format: object detection"; run lengths as pycocotools reads them.
struct COCOFile: Decodable {
    let images: [Lenient<Image>]
    let annotations: [Lenient<Annotation>]
    let categories: [Lenient<Category>]

    /// Numbers, as published; some exporters write them as text.
    struct Identifier: Decodable, Hashable, Comparable, CustomStringConvertible {
        let description: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            description = try (try? container.decode(Int.self)).map(String.init) ?? container.decode(String.self)
        }

        static func < (a: Identifier, b: Identifier) -> Bool {
            (a.description.count, a.description) < (b.description.count, b.description)
        }
    }

    struct Image: Decodable {
        let id: Identifier
        let fileName: String
        let width: Int?
        let height: Int?

        enum CodingKeys: String, CodingKey {
            case id, width, height
            case fileName = "file_name"
        }
    }

    struct Category: Decodable {
        let id: Identifier
        let name: String
    }

    struct Annotation: Decodable {
        /// Whatever else is wrong is a problem of this picture alone, which must be known by then.
        let imageID: Identifier
        let id: Lenient<Identifier>?
        let categoryID: Lenient<Identifier>?
        let segmentation: Lenient<Segmentation>?

        enum CodingKeys: String, CodingKey {
            case id, segmentation
            case imageID = "image_id"
            case categoryID = "category_id"
        }
    }

    enum Segmentation: Decodable {
        /// x, y, x, y, …
        case polygons([[Double]])
        case runLength(size: [Int], counts: Counts)

        enum Counts: Decodable {
            case compressed(String)
            case runs([Int])

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    self = .compressed(text)
                } else {
                    self = .runs(try container.decode([Int].self))
                }
            }
        }

        private enum CodingKeys: String, CodingKey { case size, counts }

        init(from decoder: any Decoder) throws {
            if let container = try? decoder.container(keyedBy: CodingKeys.self) {
                self = .runLength(
                    size: try container.decode([Int].self, forKey: .size), counts: try container.decode(Counts.self, forKey: .counts))
            } else {
                self = .polygons(try decoder.singleValueContainer().decode([[Double]].self))
            }
        }

        /// - Throws: ``ShapeProblem`` for what is no shape.
        func shapes() throws(ShapeProblem) -> [TruthShape] {
            switch self {
            case .polygons(let lists):
                guard !lists.isEmpty else { throw ShapeProblem(text: "no polygon; a box alone does not say which pixels are defective") }
                var shapes: [TruthShape] = []
                for list in lists {
                    guard list.count % 2 == 0 else {
                        throw ShapeProblem(text: "a polygon of \(list.count) numbers; x and y alternate")
                    }
                    shapes.append(try .polygon(checking: stride(from: 0, to: list.count, by: 2).map { SIMD2(list[$0], list[$0 + 1]) }))
                }
                return shapes
            case .runLength(let size, let counts):
                guard size.count == 2, size.allSatisfy({ $0 > 0 && $0 <= 1 << 20 }) else {
                    throw ShapeProblem(text: "a run-length size of \(size); [height, width] is expected")
                }
                let frame = PixelSize(width: size[1], height: size[0])
                switch counts {
                case .compressed(let text): return [.runLength(RunLengthCode(size: frame, counts: text))]
                case .runs(let runs):
                    do { return [.runLength(try RunLengthCode(size: frame, runs: runs))] } catch {
                        throw ShapeProblem(text: "\(error)")
                    }
                }
            }
        }
    }
}
