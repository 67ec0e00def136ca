import Inspection
import SelfPerception
import Testing
@testable import Service

@Suite struct CameraModelTests {
    @Test func nano_SaysThatItEncodesNoRegions() throws {
        let models = try CameraModels(Configuration())
        func file(_ encode: String) throws -> RegionFile {
            try RegionFile(
                yaml: """
                    version: 1
                    cameras:
                      line1/*:
                        reference_size: [640, 480]
                        encode: \(encode)
                        regions:
                          - {name: a, shape: {box: [0, 0, 9, 9]}, view: frame}
                    """, name: "r.yaml")
        }
        #expect(try models.warnings(about: file("frame")).isEmpty)
        let warnings = try models.warnings(about: file("region"))
        #expect(warnings.count == 1)
        #expect(warnings.first?.hasPrefix("camera \"line1/*\": `encode: region` has no effect with ") == true)
        #expect(warnings.first?.hasSuffix("(lite0) has no windows that could be left out: the whole frame is encoded") == true)
    }
}
