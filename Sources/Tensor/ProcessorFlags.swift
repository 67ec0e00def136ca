#if os(Linux)
import Glibc

/// The feature flags Linux lists for the first processor.
enum ProcessorFlags {
    static func read() -> Set<Substring>? {
        guard let file = fopen("/proc/cpuinfo", "r") else { return nil }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0 {
            guard let start = line else { return nil }
            let text = String(cString: start)
            if text.hasPrefix("flags") {
                return Set(text.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" }))
            }
        }
        return nil
    }
}
#endif
