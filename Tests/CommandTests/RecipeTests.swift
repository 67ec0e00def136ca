import ArgumentParser
import Foundation
import SelfPerception
import Testing
@testable import flawd

struct RecipeTests {
    private func settings(_ arguments: String...) throws -> TuningSettings {
        try #require(try Flawd.parseAsRoot(["tune", "--print-recipe"] + arguments) as? TuneCommand).recipe.settings()
    }

    private func file(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString).json").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func encoded(_ settings: TuningSettings) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(settings)) as? [String: Any])
    }

    @Test func withoutOptions_ItIsThePapers() throws {
        let settings = try settings()
        #expect(settings == TuningSettings())
        #expect(settings.target.method == .spt && settings.target.rank == 8 && settings.epochs == 16 && settings.decayAfter == 10)
        #expect(settings.learningRate == 1e-3 && settings.batch == 1 && settings.augmentation.scale == 0.1...2)
        #expect(settings.sampling.points == 112 * 112 && settings.target.isDraftDetached && settings.scoreWeight == 0 && settings.averaging == 0)
    }

    @Test func everyOption_ChangesItsSetting() throws {
        let changed = try settings(
            "--method", "full", "--epochs", "3", "--learning-rate", "0.002", "--encoder-rate", "0.5", "--warmup", "7", "--schedule", "cosine",
            "--decay-after", "2", "--decay-factor", "0.5", "--averaging", "0.9", "--weight-decay", "0.01", "--batch", "4", "--seed", "9", "--rank", "3",
            "--vra-position", "2", "--vra-init", "0.25", "--alpha", "1.5", "--attached-draft", "--augment", "none", "--prompts", "line",
            "--score-weight", "0.3", "--draft-weight", "0.7", "--hidden-draft-share", "0.6", "--overlap-weight", "0.5", "--good-share", "0.4", "--painted-share", "0.2",
            "--transplanted-share", "0.3", "--validation-share", "0.1", "--views", "2")
        var expected = TuningSettings()
        expected.target.method = .full
        expected.target.rank = 3
        expected.target.adapterPosition = .second
        expected.target.adapterScale = 0.25
        expected.target.alpha = 1.5
        expected.target.isDraftDetached = false
        expected.epochs = 3
        expected.learningRate = 0.002
        expected.encoderRate = 0.5
        expected.warmupSteps = 7
        expected.schedule = .cosine
        expected.decayAfter = 2
        expected.decayFactor = 0.5
        expected.averaging = 0.9
        expected.weightDecay = 0.01
        expected.batch = 4
        expected.seed = 9
        expected.augmentation = .none
        expected.prompts = .line
        expected.scoreWeight = 0.3
        expected.draftWeight = 0.7
        expected.hiddenDraftShare = 0.6
        expected.overlapWeight = 0.5
        expected.goodShare = 0.4
        expected.paintedShare = 0.2
        expected.transplantedShare = 0.3
        expected.validationShare = 0.1
        expected.views = 2
        #expect(changed == expected)
        #expect(try settings("--painted-share", "1").goodShare == 0, "painted pictures alone")
        #expect(try settings("--method", "decoder").learningRate == 3e-5, "a rate that whole layers bear")
    }

    @Test func recipe_IsReadBackAsItWasPrinted_AndOptionsComeOnTop() throws {
        var recipe = TuningSettings()
        recipe.epochs = 40
        recipe.target.isDraftDetached = false
        recipe.prompts.regions = [.init(left: 0, top: 0.25, right: 0.5, bottom: 1)]
        let path = try file(String(decoding: JSONEncoder().encode(recipe), as: UTF8.self))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try settings("--recipe", path) == recipe)
        let changed = try settings("--recipe", path, "--epochs", "5", "--no-attached-draft")
        recipe.epochs = 5
        recipe.target.isDraftDetached = true
        #expect(changed == recipe)
    }

    @Test(arguments: [
        ("{", "is no JSON"), ("[]", "an object is expected"), (#"{"epochs": 3}"#, "lacks"),
    ])
    func whatIsNoRecipe_IsNamed(_ text: String, _ problem: String) throws {
        let path = try file(text)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect { try settings("--recipe", path) } throws: { "\($0)".contains(path) && "\($0)".contains(problem) }
        #expect { try settings("--recipe", "/no/such/file") } throws: { "\($0)".contains("/no/such/file: cannot be read") }
    }

    @Test func unknownKeys_AndWrongValues_AreNamed() throws {
        func expect(_ change: (inout [String: Any]) -> Void, _ problem: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
            var fields = try encoded(TuningSettings())
            change(&fields)
            let path = try file(String(decoding: JSONSerialization.data(withJSONObject: fields), as: UTF8.self))
            defer { try? FileManager.default.removeItem(atPath: path) }
            #expect(sourceLocation: sourceLocation) { try settings("--recipe", path) } throws: { "\($0)".contains(problem) }
        }
        try expect({ $0["epoch"] = 3 }, "epoch is no part of a recipe")
        try expect({ $0["prompts"] = ($0["prompts"] as? [String: Any])?.merging(["boxes": 1]) { $1 } }, "prompts.boxes is no part")
        try expect({ $0["epochs"] = "three" }, #"epochs cannot be "three"; it is 16 unless said"#)
        try expect({ $0["epochs"] = 2.5 }, "epochs cannot be 2.5")
        try expect({ $0["seed"] = -1 }, "seed cannot be -1")
        try expect({ $0["schedule"] = "slope" }, #"schedule cannot be "slope"; it is "step""#)
        try expect({ $0["epochs"] = 0 }, "epochs must be from 1")
        try expect({ $0["averaging"] = 1 }, "averaging must be from 0")
        try expect({ $0["augmentation"] = ($0["augmentation"] as? [String: Any])?.merging(["scale": [2, 1]]) { $1 } }, "augmentation.scale cannot be [2,1]")
    }

    @Test(arguments: [
        ["tune", "--data", "x"], ["tune", "--out", "x"], ["tune", "--data", "x", "--out", "y", "--vra-position", "x"],
        ["calibrate", "x", "--camera", "c", "--max-escape", "2%"], ["calibrate", "x", "--camera", "c", "--regions", "r"],
        ["calibrate", "x", "--camera", "c", "--regions", "r", "--config", "f", "--max-escape", "2%"],
        ["calibrate", "x", "--camera", "c", "--config", "f", "--max-escape", "2%", "--model", "m"],
        ["calibrate", "x", "--camera", "c", "--regions", "r", "--max-escape", "1e-18"], ["evaluate", "x", "--limit", "2"],
    ])
    func commandsThatCannotBe_AreRefusedBeforeAnyWork(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try Flawd.parseAsRoot(arguments) }
    }
}
