import Imaging
import Testing
@testable import Streaming

@Suite struct FrameDecoderTests {
    private func frame(_ header: FrameHeader, _ payload: [UInt8]) -> IncomingFrame {
        IncomingFrame(header: header, payload: Payload(copying: payload))
    }

    private func raw(_ width: Int, _ height: Int) -> FrameHeader {
        FrameHeader(format: .cameraStream, camera: "top", codec: .rawBGR8, sequence: 3,
                    size: PixelSize(width: width, height: height))
    }

    @Test func rawPixels_AreSwappedToRGB() throws {
        let image = RGBImage()
        try FrameDecoder(limits: .init()).decode(frame(raw(4, 2), Wire.rawPayload), into: image)
        #expect(image.size == PixelSize(width: 4, height: 2))
        #expect(Array(image.bytes) == [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 14, 13, 12, 17, 16, 15, 20, 19, 18, 23, 22, 21])
    }

    @Test func rawPixels_AreRefused_WhenTheirSizeIsWrong() {
        let decoder = FrameDecoder(limits: ImageLimits(maxWidth: 100, maxHeight: 100, maxPixels: 1000))
        let image = RGBImage()
        for (width, height, count) in [
            (4, 2, 23), (4, 2, 25), (4, 2, 0), (0, 2, 0), (-4, -2, 24), (101, 1, 303), (100, 11, 3300), (.max, .max, 24),
        ] {
            #expect(throws: StreamingError.self, "\(width)x\(height), \(count) bytes") {
                try decoder.decode(frame(raw(width, height), .init(repeating: 0, count: count)), into: image)
            }
        }
        var header = raw(4, 2)
        header.size = nil
        #expect(throws: StreamingError.self) { try decoder.decode(frame(header, Wire.rawPayload), into: image) }
    }

    @Test func failedDecode_NamesCameraAndFrame() {
        let header = FrameHeader(format: .cameraStream, camera: "line1/top", codec: .jpeg, sequence: 41)
        #expect {
            try FrameDecoder(limits: .init()).decode(frame(header, Wire.bytes("<html>")), into: RGBImage())
        } throws: { "\($0)".hasPrefix("camera 'line1/top', frame 41: ") }
    }

    @Test func payload_KeepsItsBytes() {
        for count in [0, 1, 33, 34, 100_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let payload = Payload(copying: bytes)
            #expect(payload.count == count)
            #expect(payload.withBytes { Array($0) } == bytes)
            #expect(bytes.withUnsafeBytes { Payload(copying: $0) }.withBytes { Array($0) } == bytes)
        }
    }
}
