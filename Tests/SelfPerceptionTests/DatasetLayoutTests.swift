import Foundation
import Imaging
import Testing
@testable import SelfPerception

/// Every layout, small, with something wrong in it: what is right is found, what is wrong is named.
struct DatasetLayoutTests {
    let fixture: DatasetFixture

    init() throws { fixture = try DatasetFixture() }

    /// The data set is recognised, a strict reading is refused with the same line, and every good sample can be read.
    private func opened(_ layout: DatasetLayout, skipping lines: [String]) throws -> DefectDataset {
        let data = try fixture.open()
        #expect(data.layout == layout)
        #expect(data.skipped.count == lines.count, "\(data.skipped)")
        for line in lines { #expect(data.skipped.contains { $0.contains(line) }, "\(line) is not among \(data.skipped)") }
        #expect(throws: DatasetError.self) { try fixture.open(isStrict: true) }
        let reader = SampleReader(), image = RGBImage()
        for sample in data.samples {
            let mask = try reader.read(sample, into: image)
            #expect((mask != nil) == sample.isDefective)
            #expect(mask.map { $0.size == image.size && $0.area > 0 } ?? true)
        }
        return data
    }

    @Test func published_PairsWithSplit() throws {
        try fixture.jpeg("mtd/train/a.jpg")
        try fixture.png("mtd/train/a.png")
        try fixture.jpeg("mtd/test/b.jpg")
        try fixture.jpeg("mtd/test/c.JPEG")
        try fixture.png("mtd/test/c.png", marked: 129)
        try fixture.png("mtd/test/lonely.png")
        try fixture.jpeg("mtd/test/small.jpg")
        try fixture.png("mtd/test/small.png", width: 31)
        try fixture.jpeg("mtd/test/empty.jpg")
        try fixture.png("mtd/test/empty.png", marked: 128)
        let data = try opened(.published, skipping: ["lonely.png: a mask without", "small.png: measures 31×24, its picture 32×24", "empty.png: marks no pixel"])
        #expect(data.train.map(\.name) == ["a"] && data.test.map(\.name) == ["b", "c"])
        #expect(data.test.map(\.isDefective) == [false, true] && data.test.allSatisfy { $0.category.isEmpty })
    }

    @Test func published_LooseFolderIsATestPart() throws {
        try fixture.jpeg("a.jpg")
        try fixture.jpeg("a.jpeg")
        try fixture.png("a.png")
        try fixture.write("not a picture", "b.jpg")
        let data = try opened(.published, skipping: ["a.jpg: another picture is called a", "b.jpg: the payload is not a JPEG"])
        #expect(data.train.isEmpty && data.test.map(\.name) == ["a"])
    }

    @Test func published_SeveralDataSetsAreCategories() throws {
        for name in ["one", "two"] { try fixture.jpeg("\(name)/test/p.jpg") }
        let data = try fixture.open()
        #expect(data.test.map(\.name) == ["one/p", "two/p"] && data.test.map(\.category) == ["one", "two"])
    }

    @Test func mvtec_SplitsKindsAndMasks() throws {
        for product in ["bottle", "hazelnut"] {
            try fixture.png("\(product)/train/good/000.png")
            try fixture.png("\(product)/test/good/000.png")
            try fixture.png("\(product)/test/crack/000.png")
            try fixture.png("\(product)/ground_truth/crack/000_mask.png")
        }
        try fixture.png("hazelnut/test/crack/001.png")
        try fixture.png("hazelnut/ground_truth/crack/002_mask.png")
        let data = try opened(.mvtec, skipping: ["test/crack/001.png: has no mask", "002_mask.png: a mask without"])
        #expect(data.train.count == 2 && data.test.count == 4)
        let crack = try #require(data.sample("hazelnut/crack/000"))
        #expect(crack.category == "hazelnut" && crack.defect == "crack")
        #expect(try fixture.open(at: "bottle").test.map(\.name) == ["crack/000", "good/000"])
    }

    @Test func mpdd_IsKnownByItsProducts() throws {
        for product in ["tubes", "metal_plate"] {
            try fixture.png("\(product)/train/good/000.png")
            try fixture.png("\(product)/test/scratches/000.png")
            try fixture.png("\(product)/ground_truth/scratches/000_mask.png", width: product == "tubes" ? 30 : 32)
        }
        let data = try opened(.mpdd, skipping: ["tubes/ground_truth/scratches/000_mask.png: measures 30×24"])
        #expect(data.train.count == 2 && data.test.map(\.defect) == ["scratches"])
    }

    @Test func btad_ReadsBMP() throws {
        try fixture.bmp("01/train/ok/0000.bmp")
        try fixture.bmp("01/test/ok/0000.bmp")
        try fixture.bmp("01/test/ko/0000.bmp")
        try fixture.png("01/ground_truth/ko/0000.png", marked: 1)
        try fixture.bmp("03/test/ko/0001.bmp")
        try fixture.bmp("03/ground_truth/ko/0001.bmp")
        try fixture.write([0x42, 0x4D, 0, 0], "03/test/ok/0002.bmp")
        let data = try opened(.btad, skipping: ["0002.bmp: the BMP cannot be read"])
        #expect(data.train.count == 1 && data.test.count == 3)
        #expect(data.sample("03/ko/0001")?.category == "03")
    }

    @Test func visa_TakesItsSplitFromTheList() throws {
        for product in ["candle", "pcb1"] {
            try fixture.jpeg("\(product)/Data/Images/Normal/0000.JPG")
            try fixture.jpeg("\(product)/Data/Images/Normal/0001.JPG")
            try fixture.jpeg("\(product)/Data/Images/Anomaly/000.JPG")
            try fixture.png("\(product)/Data/Masks/Anomaly/000.png", marked: 2)
        }
        try fixture.write(
            """
            object,split,label,image,mask
            candle,train,normal,candle/Data/Images/Normal/0000.JPG,
            candle,test,normal,candle/Data/Images/Normal/0001.JPG,
            candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png
            pcb1,train,normal,pcb1/Data/Images/Normal/0001.JPG,
            pcb1,train,normal,pcb1/Data/Images/Normal/0009.JPG,
            """, "split_csv/1cls.csv")
        let data = try opened(.visa, skipping: ["1cls.csv: line 6 names pcb1/Data/Images/Normal/0009.JPG, which is not there"])
        #expect(data.train.map(\.name) == ["candle/Normal/0000", "pcb1/Normal/0001"] && data.test.count == 4)
        // One product alone has the same split; the other's lines are not its business.
        let candle = try fixture.open(at: "candle")
        #expect(candle.train.map(\.name) == ["Normal/0000"] && candle.test.count == 2 && candle.skipped.isEmpty)
    }

    @Test func mtd_HasNoSplit_AndGoodTilesHaveEmptyMasks() throws {
        try fixture.jpeg("MT_Blowhole/Imgs/exp1.jpg")
        try fixture.png("MT_Blowhole/Imgs/exp1.png")
        try fixture.jpeg("MT_Crack/Imgs/exp2.jpg")
        for name in ["free1", "free2"] { try fixture.jpeg("MT_Free/Imgs/\(name).jpg") }
        try fixture.png("MT_Free/Imgs/free1.png", marked: 0)
        try fixture.png("MT_Free/Imgs/free2.png")
        let data = try opened(.mtd, skipping: ["MT_Crack/Imgs/exp2.jpg: has no mask", "free2.jpg: is among the good parts"])
        #expect(data.train.isEmpty)
        #expect(data.test.map(\.name) == ["Blowhole/exp1", "Free/free1"] && data.test.map(\.defect) == ["Blowhole", nil])
    }

    @Test func kolektor_GivesEveryPartAMask() throws {
        for (split, name, level) in [("train", "10000", UInt8(0)), ("train", "10001", 255), ("test", "20000", 0)] {
            try fixture.png("\(split)/\(name).png", marked: 90)
            try fixture.png("\(split)/\(name)_GT.png", marked: level)
        }
        try fixture.png("test/20001.png")
        try fixture.write("", "test/20002_GT.png")
        try fixture.png("test/20002.png")
        let data = try opened(.kolektor, skipping: ["20001.png: has no mask", "20002_GT.png: is empty"])
        #expect(data.train.map(\.isDefective) == [false, true] && data.test.map(\.isDefective) == [false])
    }

    @Test func folder_OfNoLayoutNamesTheKnownOnes() throws {
        try fixture.write("hello", "notes.txt")
        let error = #expect(throws: DatasetError.self) { try fixture.open() }
        #expect(error?.description.contains("mvtec") == true)
        #expect(throws: DatasetError.self) { try fixture.open(at: "nowhere") }
        let empty = #expect(throws: DatasetError.self) { try fixture.open(.kolektor) }
        #expect(empty?.description.contains("holds no sample") == true)
    }

    @Test func reader_NamesAPictureDamagedBehindItsHeader() throws {
        try fixture.jpeg("a.jpg", width: 200, height: 200)
        let whole = try Data(contentsOf: fixture.root.appendingPathComponent("a.jpg"))
        try fixture.write(Array(whole.prefix(whole.count / 2)), "a.jpg")
        let sample = try #require(try fixture.open().test.first)
        let error = #expect(throws: DatasetError.self) { _ = try SampleReader().read(sample, into: RGBImage()) }
        #expect(error?.description.contains("a.jpg") == true)
    }

    @Test func truth_KeepsGrayLevelsAtThePublishedThreshold() throws {
        try fixture.jpeg("a.jpg")
        try fixture.png("a.png", marked: 200)
        let sample = try #require(try fixture.open().test.first), image = RGBImage()
        let truth = try #require(try SampleReader().readTruth(sample, into: image))
        #expect(Set(truth.gray) == [0, 200] && truth.mask.area == 28 && truth.size == image.size)
    }
}
