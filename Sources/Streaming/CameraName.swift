/// What may be a camera's name: UTF-8, 1 to 200 bytes, no control characters.
enum CameraName {
    static let maxBytes = 200

    static func isValid(_ name: String) -> Bool {
        (1...maxBytes).contains(name.utf8.count) && !name.unicodeScalars.contains(where: isControl)
    }

    /// The name that `bytes` spell, or nil. Its length is checked first, so a payload in the wrong place costs nothing.
    static func read(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard (1...maxBytes).contains(bytes.count), let name = String(validating: bytes, as: UTF8.self),
              isValid(name)
        else { return nil }
        return name
    }

    /// Unicode's category Cc.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
