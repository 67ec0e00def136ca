#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Foundation

/// What the process takes of the machine. A value that the system does not tell is nil.
public struct ProcessSample: Sendable, Codable, Equatable {
    public var cpuSeconds: Double?
    public var residentBytes: Int64?
    public var virtualBytes: Int64?
    public var threads: Int?
    public var openDescriptors: Int?
    public var descriptorLimit: Int?

    enum CodingKeys: String, CodingKey {
        case threads
        case cpuSeconds = "cpu_seconds"
        case residentBytes = "resident_bytes"
        case virtualBytes = "virtual_bytes"
        case openDescriptors = "open_descriptors"
        case descriptorLimit = "descriptor_limit"
    }

    init() {}

    /// Reads /proc/self; a few system calls.
    static func current() -> ProcessSample {
        var sample = ProcessSample()
        var usage = rusage()
        #if canImport(Darwin)
        let who = RUSAGE_SELF, files = RLIMIT_NOFILE
        #else
        let who = RUSAGE_SELF.rawValue, files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #endif
        if getrusage(who, &usage) == 0 {
            func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
            sample.cpuSeconds = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        }
        var limit = rlimit()
        if getrlimit(files, &limit) == 0 { sample.descriptorLimit = Int(exactly: limit.rlim_cur) }
        // The listing holds one itself.
        sample.openDescriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { $0.count - 1 }
        if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) {
            for line in status.split(separator: "\n") {
                let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
                guard words.count >= 2, let number = Int64(words[1]) else { continue }
                switch words[0] {
                case "VmSize:": sample.virtualBytes = number.multipliedReportingOverflow(by: 1024).partialValue
                case "VmRSS:": sample.residentBytes = number.multipliedReportingOverflow(by: 1024).partialValue
                case "Threads:": sample.threads = Int(number)
                default: break
                }
            }
        }
        return sample
    }
}
