import Foundation
import Hummingbird
import Inspection
import Streaming

/// Why a request is not answered as asked. Becomes JSON: `problem` for people, and what is wrong where.
struct PageRefusal: Error, Encodable {
    struct Finding: Encodable {
        /// As `cameras.line1/top.regions[0].limits.fail_score`.
        var key: String
        var problem: String
    }

    var status: HTTPResponse.Status
    var problem: String
    var findings: [Finding]?

    init(_ status: HTTPResponse.Status, _ problem: String, findings: [Finding]? = nil) {
        self.status = status
        self.problem = problem
        self.findings = findings
    }

    init(_ error: any Error) {
        switch error {
        case let refusal as PageRefusal: self = refusal
        case let error as FileError:
            self.init(.badRequest, error.findings.map { $0.key.isEmpty ? $0.problem : "\($0.key): \($0.problem)" }.joined(separator: "\n"),
                      findings: error.findings.map { Finding(key: $0.key, problem: $0.problem) })
        case is NoteRefusal: self.init(.serviceUnavailable, "\(error)")
        case is DecodingError: self.init(.badRequest, "the request is not what this path takes: \(error)")
        case let error as HTTPError: self.init(error.status, error.body ?? "the request cannot be read")
        default: self.init(.internalServerError, "\(error)")
        }
    }

    enum CodingKeys: String, CodingKey { case problem, findings }

    var response: Response { .json(self, status: status) }
}

extension Response {
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return .text("the answer cannot be written\n", status: .internalServerError) }
        return .bytes([UInt8](data), status: status, type: "application/json")
    }
}
