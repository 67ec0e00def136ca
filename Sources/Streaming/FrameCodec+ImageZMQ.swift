import Imaging

/// imagezmq (PyPI, 1.x): `send_jpg` sends `[{"msg": camera}, JPEG]`, `send_image` sends
/// `[{"msg": camera, "dtype": "uint8", "shape": [height, width, 3]}, BGR pixels]`.
extension FrameCodec {
    func readImageZMQ(
        header: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
    ) throws(WireProblem) -> Reading {
        let fields = try HeaderFields(header, limits: limits)
        var frame = FrameHeader(format: .imagezmq, camera: try fields.camera(.message), codec: .jpeg)
        guard !payload.isEmpty else { throw WireProblem("the payload is empty") }
        if fields[.dataType] != nil || fields[.shape] != nil {
            frame.codec = .rawBGR8
            let size = try size(fields)
            try checkRaw(payload, is: size)
            frame.size = size
        }
        return .frame(frame, payloadPart: 1)
    }

    private func size(_ fields: HeaderFields) throws(WireProblem) -> PixelSize {
        let dataType = try fields.string(.dataType)
        guard dataType == "uint8" else {
            throw WireProblem("dtype is '\(dataType.prefix(80))', uint8 is understood")
        }
        let sides = 1...Int64(Self.maxSide)
        guard case .array(let shape) = fields[.shape], shape.count == 3, case .integer(let height) = shape[0],
              case .integer(let width) = shape[1], shape[2] == .integer(3), sides.contains(height), sides.contains(width)
        else { throw WireProblem("shape should be [height, width, 3] with sides from 1 to \(Self.maxSide)") }
        return try checkedSize(width: width, height: height)
    }
}
