import Foundation
import Testing
@testable import Streaming

@Suite struct AllowedKeysTests {
    private let a: CurveKey, b: CurveKey

    init() throws { (a, b) = (try CurveKeyPair().publicKey, try CurveKeyPair().publicKey) }

    @Test func list_IsRead_WithUsesAndComments() throws {
        let keys = try AllowedKeys(text: "# who\n\n  cam1 \(a)\tpublish # line 1\r\ngw/2@plant \(b)\n", file: "f")
        #expect(keys.entries.map(\.name) == ["cam1", "gw/2@plant"])
        #expect(keys.entries.map(\.uses) == [[.publish], [.publish, .subscribe]])
        #expect(keys.entry(of: a)?.name == "cam1" && keys.entry(of: b)?.name == "gw/2@plant")
        #expect(try keys.entry(of: CurveKeyPair().publicKey) == nil)
        #expect(try AllowedKeys(text: "", file: "f") == .none)
        #expect(try AllowedKeys(text: "x \(a) publish,subscribe", file: "f").entries[0].uses == [.publish, .subscribe])
        #expect(try AllowedKeys(text: "x \(a) # all", file: "f").entries[0].uses == [.publish, .subscribe])
    }

    @Test func mistakes_AreNamedWithTheirLine() throws {
        let cases: [(String, String)] = [
            ("cam1", "f:1: a line is NAME KEY"), ("ok \(a)\ncam1 \(b) publish subscribe", "f:2: a line is NAME KEY"), ("cam1 abc", "f:1: the key of cam1: has 3 characters"),
            ("cam1 \(a) watch", "f:1: a key is allowed for publish, subscribe"), ("cam1 \(a) publish,", "f:1: a key is allowed for"),
            ("cam1 \(a)\n\ncam1 \(b)", "f:3: cam1 is there already, in line 1"), ("cam1 \(a)\ncam2 \(a)", "f:2: the key of cam2 is there already, in line 1"),
            ("c\u{1B}m \(a)", "f:1: a name has 1 to 64 letters"), ("\(String(repeating: "n", count: 65)) \(a)", "f:1: a name has 1 to 64"), ("é \(a)", "f:1: a name"),
        ]
        for (text, expected) in cases {
            #expect { try AllowedKeys(text: text, file: "f") } throws: { "\($0)".hasPrefix(expected) }
        }
    }

    @Test func added_AndRevoked_LeaveEverythingElseAsItWas() throws {
        let text = "# cameras\r\ncam1 \(a) publish # first\r\n\r\n# end"
        let more = try AllowedKeys.text(text, adding: "gw", key: b, uses: [.subscribe], file: "f")
        #expect(more == "\(text)\ngw \(b) subscribe\n")
        #expect(try AllowedKeys.text(more, revoking: "cam1", file: "f") == "# cameras\r\n\r\n# end\ngw \(b) subscribe\n")
        #expect(try AllowedKeys.text(more, revoking: "gw", file: "f") == "\(text)\n")
        #expect(try AllowedKeys.text("", adding: "gw", key: b, uses: [.publish, .subscribe], file: "f") == "gw \(b)\n")
        #expect(try AllowedKeys.text("gw \(b)", revoking: "gw", file: "f") == "")
    }

    @Test func whatIsThereAlready_IsNotAdded_AndWhatIsNotCannotBeRevoked() throws {
        let text = "cam1 \(a)\n"
        #expect { try AllowedKeys.text(text, adding: "cam1", key: b, uses: [.publish], file: "f") } throws: { "\($0)" == "f:1: cam1 is there already; revoke it first, or choose another name" }
        #expect { try AllowedKeys.text(text, adding: "cam2", key: a, uses: [.publish], file: "f") } throws: { "\($0)" == "f:1: this key is there already, as cam1" }
        #expect { try AllowedKeys.text(text, adding: "cam 2", key: b, uses: [.publish], file: "f") } throws: { "\($0)".contains("a name has 1 to 64") }
        #expect { try AllowedKeys.text(text, adding: "#", key: b, uses: [.publish], file: "f") } throws: { "\($0)".contains("a name has 1 to 64") }
        #expect { try AllowedKeys.text("bad", adding: "cam2", key: b, uses: [.publish], file: "f") } throws: { "\($0)".hasPrefix("f:1: a line is") }
        #expect { try AllowedKeys.text(text, revoking: "cam2", file: "f") } throws: { "\($0)" == "f: has no key named \"cam2\"; it has cam1" }
    }

    @Test func fileThatOthersCanWrite_IsRefused() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-l\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try AllowedKeys.fileText(path: path) == "")
        #expect { try AllowedKeys(path: path) } throws: { "\($0)".contains("cannot be opened") }
        try Data("cam1 \(a)\n".utf8).write(to: URL(fileURLWithPath: path))
        for (mode, isGood) in [(0o644, true), (0o600, true), (0o664, false), (0o646, false)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            if isGood {
                #expect(try AllowedKeys(path: path).entries.count == 1)
            } else {
                #expect { try AllowedKeys(path: path) } throws: { "\($0)".contains("chmod go-w") }
            }
        }
    }
}
