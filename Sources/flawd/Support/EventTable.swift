import Foundation
import Inspection
import Streaming

/// Events as CSV (RFC 4180): a line for each region of a frame, one for a frame without regions, one for a range of missing frames.
enum EventTable {
    static let header = "seq,type,camera,session,sequence,last_sequence,arrival,part_id,captured_utc_ns,received_utc_ns,published_utc_ns,verdict,reason,region,region_verdict,score,agreement,defects,area_px,because,frame_hash,roi_revision,model"

    static func lines(_ record: JournalRecord) -> [String] {
        let start = ["\(record.seq)", record.kind.rawValue, record.camera, "\(record.session)", "\(record.sequence)", "\(record.lastSequence)", record.arrival?.rawValue ?? ""]
        guard record.kind == .verdict, let event = try? JSONDecoder().decode(VerdictEvent.self, from: Data(record.json)) else {
            return [line(start + ["", "", "", "\(record.publishedUTCNs)", record.verdict ?? "", record.reason ?? ""] + Array(repeating: "", count: 10))]
        }
        let frame = start + [
            event.partID ?? "", event.capturedUTCNs.map(String.init) ?? "", "\(event.receivedUTCNs)", "\(event.publishedUTCNs)",
            event.verdict.rawValue, event.reason?.rawValue ?? "",
        ]
        let hashes = [event.frameHash ?? "", event.roiRevision ?? "", event.model]
        guard !event.regions.isEmpty else { return [line(frame + Array(repeating: "", count: 6) + [event.detail ?? ""] + hashes)] }
        return event.regions.map { region in
            let area = region.defects.reduce(0) { $0 + $1.areaPx }
            return line(
                frame + [region.name, region.verdict.rawValue, "\(region.score)", "\(region.agreement)", "\(region.defectCount)", "\(area)", region.because.joined(separator: "; ")] + hashes)
        }
    }

    static func line(_ fields: [String]) -> String { fields.map(quoted).joined(separator: ",") }

    /// Names come from outside: one that a spreadsheet would take for a formula is led by an apostrophe.
    private static func quoted(_ field: String) -> String {
        var text = field
        if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first), Double(text) == nil { text = "'" + text }
        // By bytes: a comma with a combining accent after it is another character to Swift, and a comma to whoever reads the table.
        guard text.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return text }
        let quote = UInt8(ascii: "\"")
        return "\"" + String(decoding: text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }, as: UTF8.self) + "\""
    }
}
