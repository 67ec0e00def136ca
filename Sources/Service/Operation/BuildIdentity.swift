import Foundation
import SegmentAnything

/// Which program is running: the SHA-256 of its executable file, as lower-case hexadecimal.
public enum BuildIdentity {
    public static func current() -> String {
        #if os(Linux)
        let path = "/proc/self/exe"
        #else
        let path = Bundle.main.executablePath ?? CommandLine.arguments.first ?? ""
        #endif
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path).resolvingSymlinksInPath(), options: .mappedIfSafe) else {
            return "unknown"
        }
        return data.withUnsafeBytes { ContentHash.sha256($0) }
    }
}
