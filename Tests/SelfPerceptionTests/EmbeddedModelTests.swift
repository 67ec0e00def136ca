import Testing
@testable import SelfPerception

/// What the README says of the embedded model, measured again on the magnetic tiles that it has not been trained on.
@Suite(.enabled(if: Shared.has("data/mtd/test"), Shared.missing("data/mtd/test")))
struct EmbeddedModelTests {
    @Test func nano_IsAsGoodAsStated_OnTilesItWasNotTrainedOn() throws {
        var settings = EvaluationSettings()
        settings.prompts = [.box, .whole]
        settings.workers = 2
        settings.isStrict = true
        let result = try Evaluation(settings).run(
            SPTModel(path: SPTModel.embeddedName), name: "nano", on: [DefectDataset.open(Shared.path("data/mtd/test"))]) { _, _ in }
        let tiles = try #require(result.sets.first), box = try #require(tiles.masks[.box]), whole = try #require(tiles.masks[.whole])
        #expect(tiles.defective == 77 && tiles.good == 191)
        // A thousandth below what was measured: processors add in different orders.
        #expect(box.refinedIoU > 0.718 && box.draftIoU > 0.720)
        #expect(whole.refinedIoU > 0.696)
        #expect(try #require(tiles.line.imageAUROC) > 0.972)
        #expect(try #require(tiles.line.perRegionOverlap) > 0.95)
        let balanced = try #require(tiles.line.heldOut.first { $0.target == LimitTarget.balanced.text })
        #expect(balanced.escapes <= 9 && balanced.overkill <= 16)
    }
}
