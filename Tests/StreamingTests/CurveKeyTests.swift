import Foundation
import Testing
@testable import Streaming

@Suite struct CurveKeyTests {
    @Test func newPair_IsAnotherEachTime_AndFollowsFromItsSecret() throws {
        let first = try CurveKeyPair(), second = try CurveKeyPair()
        #expect(first.publicKey != second.publicKey && first.secret != second.secret && first.publicKey.text != first.secret)
        #expect(try CurveKeyPair(secret: first.secret) == first)
        #expect(try CurveKey(first.publicKey.text) == first.publicKey)
    }

    /// The keys of ZeroMQ's own example (zmq_curve(7)).
    @Test func publishedPair_IsTheSame() throws {
        let pair = try CurveKeyPair(secret: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs")
        #expect(pair.publicKey.text == "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID")
    }

    static let malformed: [(String, String)] = [
        ("", "has 0 characters"), ("short", "has 5 characters"), (String(repeating: "a", count: 41), "has 41 characters"),
        (String(repeating: "a", count: 39) + " ", "its character 40 is none of Z85's"), (String(repeating: "a", count: 39) + "\"", "character 40"),
        ("a\0" + String(repeating: "a", count: 38), "character 2"), (String(repeating: "é", count: 20), "character 1"),
        ("~" + String(repeating: "a", count: 39), "character 1"), (String(repeating: "#", count: 40), "more than 32 bits"),
    ]

    @Test(arguments: malformed) func whatIsNoKey_IsNamed_AndNotRepeated(text: String, problem: String) {
        for make in [{ _ = try CurveKey(text) }, { _ = try CurveKeyPair(secret: text) }] as [() throws -> Void] {
            #expect { try make() } throws: { error in
                let words = "\(error)"
                return words.contains(problem) && words.contains("40 characters of Z85") && (text.count < 30 || !words.contains(text))
            }
        }
    }

    @Test func bytes_AreAKey_When32() throws {
        #expect([UInt8](repeating: 1, count: 31).withUnsafeBytes { CurveKey(bytes: $0) } == nil)
        #expect([UInt8](repeating: 1, count: 36).withUnsafeBytes { CurveKey(bytes: $0) } == nil)
        #expect([UInt8]().withUnsafeBytes { CurveKey(bytes: $0) } == nil)
        #expect([UInt8](repeating: 0, count: 32).withUnsafeBytes { CurveKey(bytes: $0)?.text } == String(repeating: "0", count: 40))
    }
}

@Suite final class CurveKeyFileTests {
    private let folder: String
    private let pair: CurveKeyPair

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-k\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        pair = try CurveKeyPair()
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func write(_ text: String, mode: Int = 0o600, to name: String = "k") throws -> String {
        let path = "\(folder)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    private func problem(_ path: String) -> String {
        do { _ = try CurveKeyFile.read(path: path) } catch { return error.description }
        return ""
    }

    @Test func ownFile_IsRead_AsWritten() throws {
        let path = try write(CurveKeyFile.text(of: pair))
        #expect(try CurveKeyFile.read(path: path) == pair)
        #expect(try CurveKeyFile.publicKey(path: path) == pair.publicKey)
    }

    /// As `zmq.auth.create_certificates` of pyzmq 27 writes them; carriage returns and single quotes do no harm.
    @Test func certificatesOfPyzmq_AreRead() throws {
        let head = "#   ****  Generated on 2026-11-27 by pyzmq  ****\n#   ZeroMQ CURVE **Secret** Certificate\n\nmetadata\ncurve\n"
        let secret = "\(head)    public-key = \"\(pair.publicKey)\"\n    secret-key = \"\(pair.secret)\"\n"
        #expect(try CurveKeyFile.read(path: write(secret)) == pair)
        #expect(try CurveKeyFile.read(path: write(secret.replacing("\n", with: "\r\n").replacing("\"", with: "'"))) == pair)
        let other = try write("\(head)    public-key = \"\(pair.publicKey)\"\n", mode: 0o644)
        #expect(try CurveKeyFile.publicKey(path: other) == pair.publicKey)
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o610, 0o602]) func secretThatOthersCanRead_IsRefused(mode: Int) throws {
        let path = try write(CurveKeyFile.text(of: pair), mode: mode)
        let text = problem(path)
        #expect(text.hasPrefix(path) && text.contains("mode 0\(String(mode, radix: 8))") && text.contains("chmod 600"))
        #expect(!text.contains(pair.secret))
    }

    @Test(arguments: [0o600, 0o400]) func secretOfItsOwnerAlone_IsRead(mode: Int) throws {
        #expect(try CurveKeyFile.read(path: write(CurveKeyFile.text(of: pair), mode: mode)) == pair)
    }

    @Test func brokenFiles_AreNamed_WithoutTheSecret() throws {
        let other = try CurveKeyPair()
        let cases: [(String, String)] = [
            ("", "has no secret-key"), ("public-key = \"\(pair.publicKey)\"", "has no secret-key"),
            ("secret-key = \"abc\"", ":1: secret-key: has 3 characters"), ("\n  secret-key = \"\(pair.secret.dropLast())~\"", ":2: secret-key: its character 40"),
            ("secret-key = \"\(pair.secret)\"\nsecret-key = \"\(other.secret)\"", ":2: secret-key is given twice"),
            ("public-key = \"\(other.publicKey)\"\nsecret-key = \"\(pair.secret)\"", ":1: public-key does not belong to the secret-key"),
            (String(repeating: "x", count: 70_000), "larger than 64 KiB"),
        ]
        for (text, expected) in cases {
            let path = try write(text), words = problem(path)
            #expect(words.hasPrefix(path) && words.contains(expected) && !words.contains(pair.secret), "\(words)")
        }
        #expect(problem("\(folder)/none").contains("cannot be opened"))
        #expect(problem(folder).contains("is not a regular file"))
        let binary = "\(folder)/binary"
        try Data([0xFF, 0xFE, 0]).write(to: URL(fileURLWithPath: binary))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: binary)
        #expect(problem(binary).contains("not UTF-8"))
        #expect { try CurveKeyFile.publicKey(path: self.write("nothing")) } throws: { "\($0)".contains("public-key = ") }
    }

    @Test func pipe_DoesNotHoldUpTheStart() throws {
        let path = "\(folder)/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        #expect(problem(path).contains("is not a regular file"))
    }

    @Test func keyOfAnotherUser_IsRefused() throws {
        let path = try write(CurveKeyFile.text(of: pair))
        // Only root can give a file away.
        guard geteuid() == 0 else { return }
        try #require(chown(path, 12_345, 0) == 0)
        #expect(problem(path).contains("belongs to user 12345"))
    }
}
