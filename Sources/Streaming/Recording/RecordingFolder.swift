import Foundation

/// The recordings in a folder: `flawd-<UTC of the first frame>.mcap`, so that the order of names is that of time.
struct RecordingFolder {
    let path: String

    private static let prefix = "flawd-"
    private static let suffix = ".mcap"

    /// The path of a new file; of two in one millisecond the second has a number.
    func name(of utcNs: UInt64) -> String {
        var seconds = time_t(clamping: utcNs / 1_000_000_000), parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ value: Int, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = padded(Int(parts.tm_year) + 1900, 4) + padded(Int(parts.tm_mon) + 1, 2) + padded(Int(parts.tm_mday), 2)
        let clock = padded(Int(parts.tm_hour), 2) + padded(Int(parts.tm_min), 2) + padded(Int(parts.tm_sec), 2)
        let stem = "\(path)/\(Self.prefix)\(date)T\(clock).\(padded(Int(utcNs / 1_000_000 % 1000), 3))Z"
        var name = stem + Self.suffix, number = 2
        while access(name, F_OK) == 0, number < 1000 {
            name = "\(stem)-\(number)\(Self.suffix)"
            number += 1
        }
        return name
    }

    /// Removes the oldest files beyond `bytes` in all, and those not written to for `seconds`. The newest stays, and so do others' files.
    ///
    /// - Parameter own: paths of the files that this run began, in order: they are the newest, whatever a clock that was set says of the others.
    func retain(bytes: UInt64?, seconds: Double?, own: [String], at utcNs: UInt64) throws(RecordingError) {
        guard bytes != nil || seconds != nil else { return }
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
            throw RecordingError(path, "cannot list it: \(error.localizedDescription)")
        }
        let known = names.filter { $0.wholeMatch(of: /flawd-[0-9]{8}T[0-9]{6}\.[0-9]{3}Z(-[0-9]+)?\.mcap/) != nil }.map { "\(path)/\($0)" }
        let others = Set(known).subtracting(own).sorted()
        var total: UInt64 = 0
        for (place, file) in (others + own).reversed().enumerated() {
            var status = stat()
            guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            total += UInt64(max(0, status.st_size))
            let age = Double(utcNs) / 1e9 - Double(status.st_mtim.tv_sec)
            if place > 0, bytes.map({ total > $0 }) ?? false || seconds.map({ age > $0 }) ?? false { unlink(file) }
        }
    }
}
