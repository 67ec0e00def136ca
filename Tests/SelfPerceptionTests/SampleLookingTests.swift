import Foundation
import Testing
@testable import SelfPerception

/// What is looked at before hours or statements depend on it.
struct SampleLookingTests {
    let fixture: DatasetFixture

    init() throws {
        fixture = try DatasetFixture()
        for index in 0..<3 {
            try fixture.jpeg("train/part\(index).jpg", width: 40 + index)
            try fixture.png("train/part\(index).png", width: 40 + index)
        }
    }

    @Test func picturesDamagedBehindAGoodHeader_AreNamed() throws {
        let samples = try fixture.open().train, path = samples[1].imagePath, whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try whole.prefix(whole.count * 3 / 4).write(to: URL(fileURLWithPath: path))
        #expect(try fixture.open().train.count == 3, "the header tells nothing")
        let (usable, leftOut) = try DefectSample.usable(samples, isStrict: false, workers: 2) { _ in }
        #expect(usable.map(\.name) == ["part0", "part2"])
        #expect(leftOut.count == 1 && leftOut[0].hasPrefix(path))
        #expect(throws: DatasetError.self) { try DefectSample.usable(samples, isStrict: true, workers: 2) { _ in } }
    }

    @Test func aPartThatIsCalledGoodAndDefective_IsNamed() throws {
        let sample = try fixture.open().train[0]
        #expect { try DefectSample.withoutRepeats([sample, sample.asGood]) } throws: { "\($0)".contains("among the defective parts") }
        #expect { try DefectSample.parts(in: "\(fixture.path)/train", areDefective: false) } throws: {
            "\($0)".contains("part0.png: lies beside part0.jpg")
        }
    }

    /// A mask that is not read would make its part a good one.
    @Test func aMaskOfAnotherKind_LeavesItsPartOut() throws {
        try fixture.jpeg("train/odd.jpg")
        try fixture.bmp("train/odd.bmp")
        let data = try fixture.open()
        #expect(data.train.count == 3 && data.sample("odd") == nil)
        #expect(data.skipped.count == 1 && data.skipped[0].contains("odd.bmp: is neither a picture nor a mask here"))
        #expect { try fixture.open(at: "train/part0.jpg") } throws: { "\($0)".contains("is no data set") }
    }

    @Test func aPictureUnderTwoNames_CountsOnce() throws {
        let samples = try fixture.open().train
        try FileManager.default.copyItem(atPath: samples[0].imagePath, toPath: "\(fixture.path)/again.jpg")
        let again = DefectSample(name: "again", category: "", defect: "pit", imagePath: "\(fixture.path)/again.jpg", truth: .none)
        let (once, repeated) = try DefectSample.withoutRepeats(samples + [again] + samples)
        #expect(once.map(\.name) == samples.map(\.name))
        #expect(repeated.count == 4 && repeated[0] == "\(again.imagePath): is the same picture as \(samples[0].imagePath)")
    }
}
