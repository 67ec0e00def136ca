import Testing
@testable import SegmentAnything
@testable import Tensor

/// The way back through whole encoders, by central differences of a random projection of their embedding.
///
/// The loss moves by `step` of its size. It is good to some 1e-6 of its size in Float32, which leaves 1e-6/step of the slope in
/// doubt; what central differences leave out is of the order step². Both are below 1e-3 for SAM's encoder and a step of 1 %; three
/// times that is allowed. TinyViT's gradients are small beside its weights, so that these move further for the same step; a unit of
/// nano's ReLU6 that crosses a bend within the step adds to the error: these two get smaller steps and more room. A factor that
/// is forgotten, or a share that is left out, shows at 1e-1 and more.
struct EncoderGradientTests {
    enum Model: CaseIterable {
        case vit, lite, tinyvit

        func fixture() throws -> SafeTensorsTests.Fixture {
            switch self {
            case .vit: try RandomModel.visionTransformer()
            case .lite: try RandomModel.lite(side: 160)
            case .tinyvit:
                try SafeTensorsTests.Fixture(copyOf: TinyViTTests.fixtures.appendingPathComponent("tinyvit.safetensors"))
            }
        }

        var step: Double { self == .vit ? 1e-2 : 2e-3 }

        var tolerance: Double {
            switch self {
            case .vit: 3e-3
            case .lite: 2e-2
            case .tinyvit: 1e-2
            }
        }

        /// What a later part of the encoder is called.
        var rear: String {
            switch self {
            case .vit: "image_encoder.blocks.2."
            case .lite: "image_encoder.blocks.11."
            case .tinyvit: "image_encoder.layers.2.blocks.1."
            }
        }
    }

    @Test(arguments: Model.allCases) func everyGradient_IsTheSlopeOfTheLoss(_ model: Model) throws {
        let fixture = try model.fixture(), tuned = try TunedEncoder(path: fixture.path), workspace = Workspace(threads: 2)
        let gradients = tuned.gradients(in: workspace)
        for parameter in tuned.parameters.trainable {
            tuned.expectSlope(
                of: parameter, gradient: try #require(gradients[parameter.name]), step: model.step, within: model.tolerance, in: workspace)
        }
    }

    @Test func lowRankGradients_AreTheSlopesOfTheLoss() throws {
        let fixture = try RandomModel.visionTransformer(), workspace = Workspace(threads: 2)
        let tuned = try TunedEncoder(path: fixture.path, trains: { _ in false }, rank: { $0.hasSuffix("attn.qkv") ? 2 : nil })
        let gradients = tuned.gradients(in: workspace)
        #expect(gradients.count == 6)
        for parameter in tuned.parameters.trainable {
            tuned.expectSlope(
                of: parameter, gradient: try #require(gradients[parameter.name]), step: Model.vit.step, within: Model.vit.tolerance, in: workspace)
        }
    }

    @Test(arguments: Model.allCases) func embedding_IsTheSameToTheBit_WhileATapeRecords(_ model: Model) throws {
        let fixture = try model.fixture(), tuned = try TunedEncoder(path: fixture.path), workspace = Workspace(threads: 2)
        let silent = tuned.embedding(in: workspace)
        let tape = Tape(tuned.parameters)
        workspace.tape = tape
        let recorded = tuned.embedding(in: workspace)
        #expect(tape.hasSteps)
        #expect(recorded == silent)
    }

    @Test(arguments: Model.allCases) func gradients_AreTheSameToTheBit_WhateverTheThreads(_ model: Model) throws {
        let fixture = try model.fixture(), tuned = try TunedEncoder(path: fixture.path)
        let one = tuned.gradients(in: Workspace(threads: 1)), workspace = Workspace(threads: 3)
        #expect(tuned.gradients(in: workspace) == one)
        // Nothing of the first pass is left over in the second.
        #expect(tuned.gradients(in: workspace) == one)
    }

    @Test(arguments: Model.allCases) func frozenFront_ChangesNoGradientBehindIt(_ model: Model) throws {
        let fixture = try model.fixture(), workspace = Workspace(threads: 2)
        let all = try TunedEncoder(path: fixture.path).gradients(in: workspace)
        let rear = try TunedEncoder(path: fixture.path) { $0.hasPrefix(model.rear) }.gradients(in: workspace)
        #expect(!rear.isEmpty)
        for (name, gradient) in rear { #expect(gradient == all[name], "\(name)") }
    }
}
