import Foundation
import HTTPTypes
import Hummingbird
import Inspection

extension Router where Context == BasicRequestContext {
    /// A path that is read. What goes wrong becomes JSON.
    func read(_ path: String, _ gate: PageGuard, _ answer: @escaping @Sendable (Request) async throws -> Response) {
        get(RouterPath(path)) { request, _ in
            do {
                try gate.admitReading(request)
                return try await answer(request)
            } catch { return PageRefusal(error).response }
        }
    }

    /// A path that is read with a body: what it asks about is too long for an address, or takes memory for a while.
    func ask<Body: Decodable>(_ path: String, _ gate: PageGuard, taking: Body.Type, _ answer: @escaping @Sendable (Body) async throws -> Response) {
        post(RouterPath(path)) { request, _ in
            do {
                try gate.admitReading(request)
                try gate.expectCommand(request)
                return try await answer(try await request.decoded(Body.self))
            } catch { return PageRefusal(error).response }
        }
    }

    /// A path that changes something. `answer` gets what the body says, and who asks.
    func write<Body: Decodable>(
        _ path: String, _ gate: PageGuard, taking: Body.Type, _ answer: @escaping @Sendable (Body, String) async throws -> Response
    ) {
        post(RouterPath(path)) { request, _ in
            do {
                let who = try gate.admitWriting(request)
                return try await answer(try await request.decoded(Body.self), who)
            } catch { return PageRefusal(error).response }
        }
    }
}

extension Request {
    static let mostBodyBytes = 1 << 20

    /// - Throws: `DecodingError`, `HTTPError`.
    func decoded<Body: Decodable>(_ type: Body.Type) async throws -> Body {
        let bytes = try await body.collect(upTo: Self.mostBodyBytes)
        return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
    }

    func parameter(_ name: String) -> String? { uri.queryParameters.get(name) }

    /// - Throws: `PageRefusal` when it is there and no number.
    func number<N: LosslessStringConvertible>(_ name: String, as type: N.Type = N.self) throws -> N? {
        guard let text = parameter(name), !text.isEmpty else { return nil }
        guard let number = N(text) else { throw PageRefusal(.badRequest, "\(name) is no number: \(text.shownInMessage)") }
        return number
    }

    func required(_ name: String) throws -> String {
        guard let text = parameter(name) else { throw PageRefusal(.badRequest, "\(name) is missing") }
        return text
    }
}
