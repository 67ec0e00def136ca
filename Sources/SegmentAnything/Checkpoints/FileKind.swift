/// What a file looks like from its first bytes, whatever it is called.
enum FileKind: CaseIterable {
    case safeTensors, zip, pickle, tar, onnx, numpy, gguf, hdf5, gzip, html, lfsPointer, picture, json

    var description: String {
        switch self {
        case .safeTensors: "a safetensors file"
        case .zip: "a zip archive (a PyTorch .pth?)"
        case .pickle: "a Python pickle (an old PyTorch .pth?)"
        case .tar: "a tar archive (PyTorch before 2017, or a packed folder)"
        case .onnx: "an ONNX model"
        case .numpy: "a NumPy array"
        case .gguf: "a GGUF model"
        case .hdf5: "an HDF5 file (Keras?)"
        case .gzip: "a gzip archive"
        case .html: "a web page, not the download itself"
        case .lfsPointer: "a git-lfs pointer, not the file it stands for (git lfs pull fetches it)"
        case .picture: "a picture"
        case .json: "JSON text"
        }
    }

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let kind = Self.allCases.first(where: { $0.matches(bytes) }) else { return nil }
        self = kind
    }

    private func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
        func begins(_ start: [UInt8], at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: start) }
        func begins(_ text: String, at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text.utf8) }
        switch self {
        case .safeTensors: return begins([0, 0, 0, 0], at: 4) && begins("{", at: 8)
        case .zip: return begins([0x50, 0x4B, 3, 4]) || begins([0x50, 0x4B, 5, 6])
        case .pickle: return bytes.count > 2 && bytes[0] == 0x80 && (2...5).contains(bytes[1])
        case .tar: return begins("ustar", at: 257)
        case .onnx: return bytes.count > 16 && bytes[0] == 8 && bytes[1] < 16 && bytes[2] == 0x12
        case .numpy: return begins([0x93]) && begins("NUMPY", at: 1)
        case .gguf: return begins("GGUF")
        case .hdf5: return begins([0x89]) && begins("HDF", at: 1)
        case .gzip: return begins([0x1F, 0x8B])
        case .lfsPointer: return begins("version https://git-lfs")
        case .picture: return begins([0xFF, 0xD8, 0xFF]) || begins([0x89, 0x50, 0x4E, 0x47])
        case .html, .json:
            // After a byte order mark and white space.
            let text = bytes.prefix(256).drop { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
            guard self == .html else { return text.first == UInt8(ascii: "{") }
            let start = String(decoding: text.prefix(16), as: UTF8.self).lowercased()
            return ["<!doctype", "<html", "<?xml", "<head"].contains { start.hasPrefix($0) }
        }
    }
}
