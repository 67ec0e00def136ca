import Foundation
import Streaming

/// What people changed, as a table (RFC 4180).
public enum AuditTable {
    public static func csv(_ entries: [AuditEntry]) -> String {
        let rows = entries.map { entry in
            [String(entry.id), Date(timeIntervalSince1970: Double(entry.utcNs) / 1e9).formatted(.iso8601), entry.who, entry.action, entry.subject, entry.before, entry.after]
                .map(quoted).joined(separator: ",")
        }
        return (["id,time,who,action,subject,before,after"] + rows).map { $0 + "\r\n" }.joined()
    }

    private static func quoted(_ text: String) -> String {
        // A spreadsheet takes what begins so for a formula.
        let safe = text.first.map { "=+-@\t".contains($0) } ?? false ? "'" + text : text
        return safe.unicodeScalars.contains { [",", "\"", "\r", "\n"].contains($0) } ? "\"\(safe.replacingOccurrences(of: "\"", with: "\"\""))\"" : safe
    }
}
