import Foundation
import Testing
@testable import flawd

struct ArgumentTests {
    @Test(arguments: [("2%", 0.02, "2%"), ("7", 0.07, "7%"), ("0.1%", 0.001, "0.1%"), ("33.3", 0.333, "33.3%"), ("0", 0, "0%")])
    func percent_IsARate_AndReadsAsItWasTyped(_ text: String, _ rate: Double, _ again: String) throws {
        let argument = try #require(PercentArgument(argument: text))
        #expect(abs(argument.rate - rate) < 1e-12)
        #expect(argument.defaultValueDescription == again)
    }

    @Test(arguments: ["", "%", "-1%", "100%", "nan", "inf", "1e999", "two", "5%%"]) func whatIsNoPercentage_IsRefused(_ text: String) {
        #expect(PercentArgument(argument: text) == nil)
    }

    @Test func method_NamesAModel_AndPerhapsAnAdapter() throws {
        func parts(_ text: String) -> [String?]? { MethodArgument(argument: text).map { [$0.name, $0.model, $0.adapter] } }
        #expect(parts("before=nano") == ["before", "nano", nil])
        #expect(parts("after=nano+a.safetensors") == ["after", "nano", "a.safetensors"])
        #expect(parts("x=m=1.safetensors") == ["x", "m=1.safetensors", nil])
        for text in ["nano", "=nano", "x=", "x=+a", "x=nano+"] { #expect(parts(text) == nil, "\(text)") }
    }

    @Test func method_FindsThePlusBetweenTwoFiles() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-a+b-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["m+1.safetensors", "a+1.safetensors"] { try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        let both = try #require(MethodArgument(argument: "x=\(folder)/m+1.safetensors+\(folder)/a+1.safetensors"))
        #expect(both.model == "\(folder)/m+1.safetensors" && both.adapter == "\(folder)/a+1.safetensors")
        let one = try #require(MethodArgument(argument: "x=\(folder)/m+1.safetensors"))
        #expect(one.model == "\(folder)/m+1.safetensors" && one.adapter == nil)
    }

    @Test func healthSchema_IsPrinted_AndHTTPForEveryone_IsRefused() throws {
        let schema = try FlawdProcess("check", "--schema", "health")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(schema.output.utf8)) as? [String: Any])
        #expect(schema.status == 0 && json["title"] as? String == "flawd health")
        let run = try FlawdProcess("run", "--regions", "r", "--subscribe", "tcp://127.0.0.1:1", "--publish", "tcp://127.0.0.1:2", "--http", "0.0.0.0:9640")
        #expect(run.status == 2 && run.errors.contains("--http: 0.0.0.0:9640 is open to other machines"))
    }
}
