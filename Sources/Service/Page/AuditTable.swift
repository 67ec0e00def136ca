import Foundation
import Streaming

/// What people changed, as a table (RFC 4180).
public enum AuditTable {
    public static func csv(_ entries: [AuditEntry]) -> String { "id,time,who,action,subject,before,after\r\n" + rows(entries) }

    static func rows(_ entries: [AuditEntry]) -> String {
        entries.map { entry in
            [String(entry.id), Date(timeIntervalSince1970: Double(entry.utcNs) / 1e9).formatted(.iso8601), entry.who, entry.action, entry.subject, entry.before, entry.after]
                .map(quoted).joined(separator: ",") + "\r\n"
        }.joined()
    }

    private static func quoted(_ text: String) -> String {
        // A spreadsheet takes what begins so for a formula.
        let safe = text.first.map { "=+-@\t".contains($0) } ?? false ? "'" + text : text
        return safe.unicodeScalars.contains { [",", "\"", "\r", "\n"].contains($0) } ? "\"\(safe.replacingOccurrences(of: "\"", with: "\"\""))\"" : safe
    }
}
