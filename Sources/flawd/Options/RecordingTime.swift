import ArgumentParser
import Foundation

/// A place in a recording: seconds after its first frame, or a moment.
enum RecordingTime: ExpressibleByArgument, Equatable {
    case offset(Double)
    case moment(Date)

    init?(argument: String) {
        if let seconds = Double(argument), seconds >= 0, seconds < 1e9 {
            self = .offset(seconds)
        } else if let date = (try? Date(argument, strategy: .iso8601)) ?? (try? Date(argument, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))),
                  date.timeIntervalSince1970 >= 0 {
            self = .moment(date)
        } else {
            return nil
        }
    }

    /// ns since 1970.
    func nanoseconds(after start: UInt64) -> UInt64 {
        switch self {
        case .offset(let seconds):
            // At most 1e18, so it fits.
            start > .max - UInt64(seconds * 1e9) ? .max : start + UInt64(seconds * 1e9)
        case .moment(let date): UInt64(exactly: (date.timeIntervalSince1970 * 1e9).rounded()) ?? .max
        }
    }
}
