import Foundation
import Imaging
import Testing
@testable import SelfPerception

/// COCO and LabelMe files: shapes against pycocotools' masks, and what outsiders may write into them.
struct AnnotationFileTests {
    let fixture: DatasetFixture
    private let size = PixelSize(width: 80, height: 60)

    init() throws { fixture = try DatasetFixture() }

    private func coco(images: [String], annotations: [String], categories: String = #"[{"id": 1, "name": "dent"}, {"id": 2, "name": "crack"}]"#) -> String {
        #"{"images": [\#(images.joined(separator: ","))], "annotations": [\#(annotations.joined(separator: ","))], "categories": \#(categories)}"#
    }

    private func image(_ id: Int, _ name: String? = nil) -> String {
        #"{"id": \#(id), "file_name": "\#(name ?? "\(id).jpg")", "width": 80, "height": 60}"#
    }

    private func annotation(_ image: Int, category: Int = 1, _ segmentation: String) -> String {
        #"{"id": \#(image * 10), "image_id": \#(image), "category_id": \#(category), "segmentation": \#(segmentation)}"#
    }

    private func mask(_ name: String, of data: DefectDataset) throws -> BinaryMask {
        let sample = try #require(data.sample(name))
        return try #require(try SampleReader().read(sample, into: RGBImage()))
    }

    // What pycocotools 2.0 makes of the shapes below: its run-length codes, decoded by our own reader.
    private let polygon = "[[10.3,5.2,70.1,12.7,55.5,50.9,20.2,44.4,30.0,25.0]]"
    private let polygonCode =
        #"id01k1100O1O1O1O1O1O1O100VOJL71KO6NL25KM54HN83E0:1C1=0@2a0N\O4d0b00001O000001O01O000000001O01O00000001O000001O01O0000N2M3M3N3L3M3N2M3N2M3M3N3L3N]b0"#
    private let compressed =
        #"^l0d0X100000000FmNKS15mNKS15mNKS15mNKS15mNKS15mNKS15mNKS15mNKS15mNKS15mNKS1?000000000000000000^V1NdiN0000000000000000000000000000000000000hN"#

    private var runs: [Int] {
        // Columns 15…39 of rows 10…29 without a hole at columns 20…29 of rows 20…24, and columns 60…79 of rows 40…57.
        [910] + Array([[Int]](repeating: [20, 40], count: 5).joined()) + Array([[Int]](repeating: [10, 5, 5, 40], count: 10).joined())
            + Array([[Int]](repeating: [20, 40], count: 9).joined()) + [20, 1270] + Array([[Int]](repeating: [18, 42], count: 19).joined()) + [18, 2]
    }

    @Test func coco_ShapesAreThoseOfPycocotools() throws {
        for id in 1...4 { try fixture.jpeg("\(id).jpg", width: 80, height: 60) }
        try fixture.write(
            coco(
                images: (1...4).map { image($0) },
                annotations: [
                    annotation(1, polygon), annotation(2, category: 2, #"{"size": [60, 80], "counts": "\#(compressed)"}"#),
                    annotation(2, #"{"size": [60, 80], "counts": \#(runs)}"#), annotation(3, #"{"size": [60, 80], "counts": \#(runs)}"#),
                ]), "_annotations.coco.json")
        let data = try fixture.open(isStrict: true)
        #expect(data.layout == .coco && data.test.map(\.defect) == ["dent", "crack+dent", "dent", nil])
        let published = try RunLengthCode(size: size, counts: polygonCode).mask()
        #expect(published.area == 1562)
        // pycocotools rounds corners to a fifth of a pixel first; ours are not rounded: 9 pixels of the outline differ.
        let filled = try mask("1", of: data)
        #expect(filled.area == 1563)
        #expect(zip(filled.pixels, published.pixels).count { $0 != $1 } <= 9)
        let both = try mask("2", of: data), alone = try mask("3", of: data)
        #expect(both.area == 810 && alone == both)
        #expect(both[15, 10] && both[39, 29] && !both[20, 20] && both[30, 20] && both[79, 57] && !both[59, 40])
    }

    @Test func coco_SplitsByFolderAndByFile() throws {
        for split in ["train", "valid", "test"] {
            try fixture.jpeg("\(split)/1.jpg", width: 80, height: 60)
            try fixture.write(coco(images: [image(1)], annotations: []), "\(split)/_annotations.coco.json")
        }
        // A picture of the train and one of the valid folder share a name, which is no reason to lose either.
        #expect(try Set(fixture.open().train.map(\.name)) == ["train/1", "valid/1"] && fixture.open().test.map(\.name) == ["1"])

        let other = try DatasetFixture()
        try other.jpeg("train2017/1.jpg", width: 80, height: 60)
        try other.jpeg("val2017/2.jpg", width: 80, height: 60)
        try other.write(coco(images: [image(1)], annotations: [annotation(1, polygon)]), "annotations/instances_train2017.json")
        try other.write(coco(images: [image(2)], annotations: []), "annotations/instances_val2017.json")
        try other.write(coco(images: [image(2)], annotations: []), "annotations/captions_val2017.json")
        let data = try other.open(isStrict: true)
        #expect(data.train.map(\.isDefective) == [true] && data.test.map(\.name) == ["2"])
        #expect(try other.open(at: "annotations/instances_train2017.json").train.count == 1)
    }

    @Test func coco_IdentifiersMayBeText_AndADoubtfulPictureIsNoGoodPart() throws {
        for id in 1...3 { try fixture.jpeg("\(id).jpg", width: 80, height: 60) }
        let marked = #"{"id": "a-1", "image_id": "1", "category_id": "7", "segmentation": \#(polygon)}"#
        func write(_ annotations: String...) throws {
            try fixture.write(coco(images: (1...3).map { image($0) }, annotations: annotations, categories: #"[{"id": 7, "name": "dent"}]"#), "a.json")
        }
        try write(marked)
        #expect(try fixture.open(isStrict: true).test.map(\.defect) == ["dent", nil, nil])
        // Wrong, but of the second picture.
        try write(marked, #"{"id": [], "image_id": 2, "category_id": {}, "segmentation": \#(polygon)}"#)
        var data = try fixture.open()
        #expect(data.test.map(\.defect) == ["dent", nil] && data.test.map(\.name) == ["1", "3"])
        #expect(data.skipped.count == 1 && data.skipped[0].contains("2.jpg: an annotation: category null"), "\(data.skipped)")
        // Wrong, and of no picture: the second or the third.
        try write(marked, #"{"id": 5, "image": 2, "category_id": 7, "segmentation": \#(polygon)}"#)
        data = try fixture.open()
        #expect(data.test.map(\.name) == ["1"])
        #expect(data.skipped.count == 3 && data.skipped[0].contains("image_id") && data.skipped[1].contains("2.jpg: has no annotation"), "\(data.skipped)")
    }

    @Test(arguments: [
        (#"[[1,1,5,5]]"#, "a polygon of 2 points"), (#"[[1,1,5,5,3]]"#, "x and y alternate"), (#"[]"#, "no polygon"),
        (#"[[1,1,5,5,1e9,3]]"#, "coordinates are pixels"), (#"[["a"]]"#, "segmentation"), (#"7"#, "segmentation"),
        (#"{"size": [10, 10], "counts": [100]}"#, "it is of 10×10 pixels"), (#"{"size": [60, 80], "counts": [5, -1, 4796]}"#, "negative"),
        (#"{"size": [60, 80], "counts": [5, 5]}"#, "cover 10 of the 4800"), (#"{"size": [60, 80], "counts": "zz~"}"#, "run-length code"),
        (#"{"size": [60], "counts": [4800]}"#, "[height, width]"), (#"{"size": [60, 80], "counts": [4800]}"#, "mark no pixel"),
        (#"[[100,100,120,100,120,120]]"#, "mark no pixel"), ("null", "no segmentation"),
    ])
    func coco_AWrongShapeCostsItsPictureOnly(_ segmentation: String, _ problem: String) throws {
        for id in 1...2 { try fixture.jpeg("\(id).jpg", width: 80, height: 60) }
        try fixture.write(
            coco(images: [image(1), image(2)], annotations: [annotation(1, polygon), annotation(2, segmentation)]), "a.json")
        let data = try fixture.open()
        #expect(data.test.map(\.name) == ["1"])
        #expect(data.skipped.count == 1 && data.skipped[0].contains(problem) && data.skipped[0].contains("2.jpg"), "\(data.skipped)")
    }

    @Test func coco_NamesWhatDoesNotFitTogether() throws {
        for id in 1...3 { try fixture.jpeg("\(id).jpg", width: id == 3 ? 79 : 80, height: 60) }
        try fixture.write(
            coco(
                images: [image(1), image(2), image(2), image(3), image(4), image(5, "../1.jpg"), #"{"id": "six"}"#],
                annotations: [annotation(1, polygon), annotation(2, category: 9, polygon), annotation(3, polygon), annotation(8, polygon), "17"]),
            "a.json")
        let data = try fixture.open()
        #expect(data.test.map(\.name) == ["1"])
        for line in [
            "2.jpg: annotation 20: category 9 is not one of the file's", "the id 2 comes twice", "3.jpg: measures 79×60, its annotation says 80×60",
            "4.jpg: no such picture", "../1.jpg: a picture's name is relative", "image 6:", "annotations are of image 8", "annotation 4:",
        ] { #expect(data.skipped.contains { $0.contains(line) }, "\(line) is not among \(data.skipped)") }
        #expect(data.skipped.count == 8)
    }

    @Test(arguments: [
        #"{"images": "#, #"{"images": [], "annotations": 3, "categories": []}"#, #"{"images": {}, "annotations": [], "categories": []}"#,
        #"{"images": [], "annotations": \#(String(repeating: "[", count: 20000)), "categories": []}"#,
        #"{"images": [], "annotations": [{"image_id": 1e999}], "categories": []"#, "\u{FEFF}{\"images\": []}",
    ])
    func coco_AFileThatIsNoneIsAnErrorThatNamesIt(_ text: String) throws {
        try fixture.jpeg("1.jpg")
        try fixture.write(text, "a.json")
        let error = #expect(throws: DatasetError.self) { try fixture.open(.coco) }
        #expect(error?.description.contains("a.json") == true)
    }

    @Test func labelme_ReadsEveryShapeWithAnInside() throws {
        func file(_ name: String, _ shapes: String, picture: String? = nil) throws {
            if picture == nil { try fixture.jpeg("\(name).jpg", width: 80, height: 60) }
            let place = picture ?? "..\\\\pictures\\\\\(name).jpg"
            try fixture.write(
                #"{"version": "5.4.1", "flags": {}, "shapes": [\#(shapes)], "imagePath": "\#(place)", "imageData": null, "imageHeight": 60, "imageWidth": 80}"#,
                "\(name).json")
        }
        func shape(_ type: String, _ points: String, label: String = "dent", _ more: String = "") -> String {
            #"{"label": "\#(label)", "points": \#(points), "group_id": null, "shape_type": "\#(type)", "flags": {}\#(more)}"#
        }
        try file("polygon", shape("polygon", "[[10,10],[30,10],[30,20],[10,20]]") + "," + shape("polygon", "[[50,50],[60,50],[60,55]]", label: "crack"))
        try file("rectangle", shape("rectangle", "[[40.0, 30.0], [20.0, 10.0]]"))
        try file("circle", shape("circle", "[[40,30],[40,40]]"))
        var png = DatasetFixture.bytes(of: PixelSize(width: 4, height: 3), level: 1)
        try file("mask", shape("mask", "[[78,58],[81,60]]", label: "dent", #", "mask": "\#(Data(png).base64EncodedString())""#))
        try file("good", "")
        try fixture.jpeg("unnamed.jpg")
        try file("line", shape("line", "[[1,1],[9,9]]"))
        try file("short", shape("polygon", "[[1,1],[9,9]]"))
        png.removeLast(20)
        try file("torn", shape("mask", "[[1,1],[4,3]]", label: "dent", #", "mask": "\#(Data(png).base64EncodedString())""#))
        try file("gone", shape("circle", "[[40,30],[40,40]]"), picture: "nowhere.jpg")

        let data = try fixture.open()
        #expect(data.layout == .labelme && data.train.isEmpty)
        #expect(data.test.map(\.name) == ["circle", "good", "mask", "polygon", "rectangle", "unnamed"])
        #expect(data.test.map(\.defect) == ["dent", nil, "dent", "crack+dent", "dent", nil])
        for line in ["line.json: shape 0 (dent): a shape of the type \"line\"", "short.json: shape 0 (dent): a polygon of 2", "torn.json", "gone.json: its picture nowhere.jpg is not there"] {
            #expect(data.skipped.contains { $0.contains(line) }, "\(line) is not among \(data.skipped)")
        }
        #expect(data.skipped.count == 4)
        #expect(try mask("rectangle", of: data).area == 400)
        #expect(try mask("mask", of: data).area == 4)
        #expect(try mask("polygon", of: data).area == 225)
        // π · 10² = 314.2; centres inside.
        #expect(abs(try mask("circle", of: data).area - 314) <= 4)
    }
}

extension DatasetFixture {
    /// A gray PNG of one level, as bytes.
    static func bytes(of size: PixelSize, level: UInt8) -> [UInt8] {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).png")
        defer { try? FileManager.default.removeItem(at: place) }
        try? PNGFile.writeGray([UInt8](repeating: level, count: size.area), size: size, path: place.path)
        return (try? [UInt8](Data(contentsOf: place))) ?? []
    }
}
