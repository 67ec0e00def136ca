/// Names the format of a payload that is not JPEG by its first bytes, so that the error can say what a camera sends.
enum PictureFormat {
    /// `nil` for JPEG and for what is not known.
    static func name(of bytes: UnsafeRawBufferPointer) -> String? {
        func begins(_ prefix: [UInt8], at offset: Int = 0) -> Bool {
            bytes.count >= offset + prefix.count && bytes[offset..<(offset + prefix.count)].elementsEqual(prefix)
        }
        func begins(_ prefix: String, at offset: Int = 0) -> Bool { begins(Array(prefix.utf8), at: offset) }

        if begins([0x89]) && begins("PNG", at: 1) { return "PNG" }
        if begins("GIF8") { return "GIF" }
        if begins("RIFF") && begins("WEBP", at: 8) { return "WebP" }
        if begins("RIFF") && begins("AVI ", at: 8) { return "an AVI film" }
        if begins([0x49, 0x49, 0x2A, 0]) || begins([0x4D, 0x4D, 0, 0x2A]) { return "TIFF" }
        if begins("ftyp", at: 4) { return "HEIF, AVIF or MP4" }
        if begins([0, 0, 0, 12]) && begins("jP  ", at: 4) { return "JPEG 2000" }
        if begins([0xFF, 0x4F, 0xFF, 0x51]) { return "JPEG 2000" }
        if begins([0xFF, 0x0A]) || (begins([0, 0, 0, 12]) && begins("JXL ", at: 4)) { return "JPEG XL" }
        if begins("BM") { return "BMP" }
        if begins("%PDF") { return "PDF" }
        if begins([0x1F, 0x8B]) { return "gzip" }
        return nameOfText(bytes)
    }

    /// A camera's web server answers with a page when the picture's address or the password is wrong.
    private static func nameOfText(_ bytes: UnsafeRawBufferPointer) -> String? {
        let lead: Set<UInt8> = [0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0A, 0x0D]
        guard let start = bytes.prefix(64).firstIndex(where: { !lead.contains($0) }) else { return nil }
        let text = bytes[start...].prefix(16).map { $0 | 0x20 }
        func begins(_ prefix: String) -> Bool { text.starts(with: prefix.utf8) }
        // The bit 0x20 makes letters small and leaves '<', '!' and '?' as they are.
        if begins("<!doctype") || begins("<html") || begins("<head") || begins("<body") { return "an HTML page" }
        if begins("<?xml") || begins("<svg") { return "XML" }
        if begins("http/1") { return "an HTTP answer" }
        if begins("{\"") || begins("{ \"") { return "JSON" }
        return nil
    }
}
