import Foundation

/// LabelMe: `NAME.json` beside its picture, in `{train,test}` or in one folder, which is then the test part. Pictures that
/// no file names, and those whose file holds no shape, are good parts. Labels are the kinds of defect. The picture that a
/// file may carry inside is not read.
enum LabelMeLayout: LayoutReader {
    static func recognises(_ place: DatasetFolder) -> Bool { !parts(place).isEmpty }

    static func read(_ place: DatasetFolder, into samples: SampleCollector) {
        let parts = parts(place)
        for (folder, part) in parts.isEmpty ? [(place, .test)] : parts { read(folder, to: part, into: samples) }
    }

    private static func parts(_ place: DatasetFolder) -> [(DatasetFolder, SampleCollector.Part)] {
        if hasAnnotations(place) { return [(place, .test)] }
        let split: [(String, SampleCollector.Part)] = [("train", .train), ("test", .test)]
        let folders = split.compactMap { name, part in place.folder(name).map { ($0, part) } }
        return folders.contains { hasAnnotations($0.0) } ? folders : []
    }

    private static func hasAnnotations(_ folder: DatasetFolder) -> Bool {
        folder.files(["json"]).contains { AnnotationFile.format(path: folder.path(of: $0)) == .labelme }
    }

    private static func read(_ folder: DatasetFolder, to part: SampleCollector.Part, into samples: SampleCollector) {
        var named: Set<String> = []
        for file in folder.files(["json"]) {
            let path = folder.path(of: file), stem = DatasetFolder.stem(file)
            // A picture whose annotation is wrong is not a good part.
            let beside = folder.pictures.first { DatasetFolder.stem($0) == stem }
            if let beside { named.insert(beside) }
            do {
                let annotation = try AnnotationFile.decode(LabelMeFile.self, path: path)
                let picture = try picture(annotation, folder, beside: beside)
                named.insert((picture as NSString).lastPathComponent)
                var shapes: [TruthShape] = []
                for (index, shape) in annotation.shapes.enumerated() {
                    do { shapes.append(try shape.truth(size: annotation.size)) } catch {
                        throw ShapeProblem(text: "shape \(index) (\(shape.label)): \(error.text)")
                    }
                }
                let kinds = Set(annotation.shapes.map(\.label)).sorted().joined(separator: "+")
                samples.add(
                    DefectSample(
                        name: stem, category: "", defect: shapes.isEmpty ? nil : kinds, imagePath: picture,
                        truth: shapes.isEmpty ? .none : .shapes(shapes, size: annotation.size)),
                    to: part)
            } catch let error as DatasetError {
                samples.skip(error.description)
            } catch let error as ShapeProblem {
                samples.skip(path, error.text)
            } catch {
                samples.skip(path, "\(error)")
            }
        }
        for file in folder.pictures where !named.contains(file) {
            samples.add(
                DefectSample(name: DatasetFolder.stem(file), category: "", defect: nil, imagePath: folder.path(of: file), truth: .none),
                to: part)
        }
    }

    /// Where the file says its picture is (on Windows with backslashes), else the picture beside it that has its name.
    private static func picture(_ file: LabelMeFile, _ folder: DatasetFolder, beside: String?) throws(ShapeProblem) -> String {
        let name = file.imagePath.replacingOccurrences(of: "\\", with: "/")
        if !name.isEmpty, !name.hasPrefix("/"), FileManager.default.fileExists(atPath: folder.path(of: name)) {
            return folder.path(of: name)
        }
        if let beside { return folder.path(of: beside) }
        throw ShapeProblem(text: "its picture \(file.imagePath) is not there, and none of the file's own name is beside it")
    }
}
