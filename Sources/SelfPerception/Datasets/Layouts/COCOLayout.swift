import Foundation
import Imaging

/// COCO JSON: one file a split, with its pictures beside it, in `images/`, in the split's folder or at the root. A picture
/// without annotations is a good part; the kind of defect is its categories' names.
///
/// The split is read off the file's or folder's name: "train" is the train part, "test" the test part, "val" and "valid"
/// the test part where there is no other and part of the train part otherwise (a validation split is drawn from there). Any
/// other name is the test part. Of `annotations/`, only `instances*` are read where there are such.
enum COCOLayout: LayoutReader {
    private struct Source {
        /// A split's name, as far as there is one.
        let name: String
        let folder: DatasetFolder
        let file: String
    }

    static func recognises(_ place: DatasetFolder) -> Bool { !sources(place).isEmpty }

    static func read(_ place: DatasetFolder, into samples: SampleCollector) {
        let sources = sources(place), hasTest = sources.contains { $0.name.contains("test") }
        func isTrain(_ source: Source) -> Bool { source.name.contains("train") || source.name.contains("val") && hasTest }
        for source in sources {
            let part: SampleCollector.Part = isTrain(source) ? .train : .test
            // Two splits that come together may number their pictures alike.
            let isAlone = sources.count { isTrain($0) == isTrain(source) } == 1
            do { try read(source, place, prefix: isAlone ? "" : source.name + "/", to: part, into: samples) } catch { samples.skip(error.description) }
        }
    }

    private static func sources(_ place: DatasetFolder) -> [Source] {
        func files(_ folder: DatasetFolder, split: String?) -> [Source] {
            let files = folder.files(["json"]).filter { AnnotationFile.format(path: folder.path(of: $0)) == .coco }
            let instances = files.filter { $0.hasPrefix("instances") }
            return (instances.isEmpty ? files : instances).map {
                Source(name: (split ?? DatasetFolder.stem($0)).lowercased(), folder: folder, file: $0)
            }
        }
        var found = files(place, split: nil)
        if let annotations = place.folder("annotations") { found += files(annotations, split: nil) }
        for split in ["train", "valid", "val", "test"] {
            if let folder = place.folder(split) { found += files(folder, split: split) }
        }
        return found
    }

    private static func read(
        _ source: Source, _ root: DatasetFolder, prefix: String, to part: SampleCollector.Part, into samples: SampleCollector
    ) throws(DatasetError) {
        let path = source.folder.path(of: source.file)
        let file = try AnnotationFile.decode(COCOFile.self, path: path)
        let categories = Dictionary(file.categories.compactMap { try? $0.result.get() }.map { ($0.id, $0.name) }) { first, _ in first }
        for (index, category) in file.categories.enumerated() {
            if case .failure(let problem) = category.result { samples.skip(path, "category \(index): \(problem.text)") }
        }
        var annotations: [COCOFile.Identifier: [COCOFile.Annotation]] = [:], hasStray = false
        for (index, annotation) in file.annotations.enumerated() {
            switch annotation.result {
            case .success(let annotation): annotations[annotation.imageID, default: []].append(annotation)
            case .failure(let problem):
                hasStray = true
                samples.skip(path, "annotation \(index): \(problem.text)")
            }
        }
        var known: Set<COCOFile.Identifier> = []
        for (index, image) in file.images.enumerated() {
            switch image.result {
            case .failure(let problem): samples.skip(path, "image \(index): \(problem.text)")
            case .success(let image):
                guard known.insert(image.id).inserted else {
                    samples.skip(path, "image \(index): the id \(image.id) comes twice")
                    continue
                }
                do throws(ShapeProblem) {
                    let sample = try sample(image, annotations[image.id] ?? [], categories, source, root, prefix: prefix)
                    // A picture that a wrong annotation may be of is not a good part.
                    guard !hasStray || sample.isDefective else {
                        throw ShapeProblem(text: "has no annotation, but one of the file's does not say which picture it is of")
                    }
                    samples.add(sample, to: part)
                } catch {
                    samples.skip("\(path): \(image.fileName): \(error.text)")
                }
            }
        }
        for id in annotations.keys.sorted() where !known.contains(id) {
            samples.skip(path, "\(annotations[id]?.count ?? 0) annotations are of image \(id), which the file does not list")
        }
    }

    private static func sample(
        _ image: COCOFile.Image, _ annotations: [COCOFile.Annotation], _ categories: [COCOFile.Identifier: String], _ source: Source,
        _ root: DatasetFolder, prefix: String
    ) throws(ShapeProblem) -> DefectSample {
        let picture = try picture(image.fileName, source, root)
        var shapes: [TruthShape] = [], kinds: Set<String> = []
        for annotation in annotations {
            let name = (try? annotation.id?.result.get()).map { "annotation \($0)" } ?? "an annotation"
            let kind = try? annotation.categoryID?.result.get()
            guard let category = kind.flatMap({ categories[$0] }) else {
                throw ShapeProblem(text: "\(name): category \(kind?.description ?? "null") is not one of the file's")
            }
            kinds.insert(category)
            switch annotation.segmentation?.result {
            case nil: throw ShapeProblem(text: "\(name): has no segmentation; polygons or run lengths are expected")
            case .failure(let problem): throw ShapeProblem(text: "\(name): \(problem.text)")
            case .success(let segmentation):
                do { shapes += try segmentation.shapes() } catch { throw ShapeProblem(text: "\(name): \(error.text)") }
            }
        }
        var size: PixelSize?
        if let width = image.width, let height = image.height { size = PixelSize(width: width, height: height) }
        return DefectSample(
            name: prefix + DatasetFolder.stem(image.fileName), category: "",
            defect: kinds.isEmpty ? nil : kinds.sorted().joined(separator: "+"), imagePath: picture,
            truth: kinds.isEmpty ? .none : .shapes(shapes, size: size))
    }

    private static func picture(_ name: String, _ source: Source, _ root: DatasetFolder) throws(ShapeProblem) -> String {
        guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
            throw ShapeProblem(text: "a picture's name is relative and stays in the data set's folder")
        }
        // `instances_train2017.json` names pictures of `train2017/`.
        let split = source.name.split(separator: "_").last.map(String.init) ?? source.name
        let above = (source.folder.path as NSString).deletingLastPathComponent
        let places = [
            source.folder.path, "\(source.folder.path)/images", root.path, "\(root.path)/images", "\(root.path)/\(split)",
            "\(root.path)/images/\(split)", "\(above)/\(split)", "\(above)/images", "\(above)/images/\(split)", above,
        ]
        guard let place = places.first(where: { FileManager.default.fileExists(atPath: "\($0)/\(name)") }) else {
            throw ShapeProblem(text: "no such picture beside the file, in images/, in \(split)/ or in \(root.path)")
        }
        return "\(place)/\(name)"
    }
}
