import Imaging

/// What a producer says of one frame, whichever of the three wire formats it used.
public struct FrameHeader: Hashable, Sendable {
    public enum WireFormat: String, Sendable { case cameraStream = "camera-stream", imagezmq, bare }
    public enum Codec: String, Sendable { case jpeg, rawBGR8 = "raw_bgr8" }

    public var format: WireFormat
    public var camera: String
    public var codec: Codec
    /// The producer's own count; nil where the format has none (the pipeline then counts for itself).
    public var sequence: UInt64?
    public var capturedMonotonicNs: Int64?
    public var capturedUTCNs: Int64?
    /// What the header says the picture measures; a bare or imagezmq JPEG says nothing.
    public var size: PixelSize?
    public var partID: String?
    public var trigger: Int64?
    /// CRC-32 of the payload, verified by the codec when present.
    public var payloadCRC32: UInt32?

    public init(format: WireFormat, camera: String, codec: Codec, sequence: UInt64? = nil,
                capturedMonotonicNs: Int64? = nil, capturedUTCNs: Int64? = nil, size: PixelSize? = nil,
                partID: String? = nil, trigger: Int64? = nil, payloadCRC32: UInt32? = nil) {
        self.format = format
        self.camera = camera
        self.codec = codec
        self.sequence = sequence
        self.capturedMonotonicNs = capturedMonotonicNs
        self.capturedUTCNs = capturedUTCNs
        self.size = size
        self.partID = partID
        self.trigger = trigger
        self.payloadCRC32 = payloadCRC32
    }
}
