import Foundation
import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception

/// Whole runs of nano on a few small pictures made for the test.
struct TunerTests {
    let data: DatasetFixture
    let samples: [DefectSample]

    init() throws {
        data = try DatasetFixture()
        for index in 0..<4 {
            try data.jpeg("train/bad\(index).jpg")
            try data.png("train/bad\(index).png", PixelRect(x: 3 + 5 * index, y: 4 + 3 * index, width: 8, height: 6))
            try data.jpeg("train/good\(index).jpg", width: 40 + index)
        }
        samples = try DefectDataset.open(data.path).train
    }

    private func settings(_ change: (inout TuningSettings) -> Void = { _ in }) -> TuningSettings {
        var settings = TuningSettings()
        settings.epochs = 2
        settings.views = 0
        settings.validationShare = 0.25
        settings.sampling.points = 200
        change(&settings)
        return settings
    }

    private func tuner(_ name: String, _ settings: TuningSettings, restarts: Bool = false, overwrite: Bool = false, threads: Int = 2) throws -> Tuner {
        try Tuner(
            base: SafeTensorsFile(path: SPTModel.embeddedPath()), adapter: nil, samples: samples, settings: settings,
            files: .init(output: "\(data.path)/\(name)", cache: "\(data.path)/cache", overwrite: overwrite, program: "test"),
            restarts: restarts, threads: threads)
    }

    /// The tensors of a result; its metadata has the time in it.
    private func tensors(_ name: String) throws -> [String: [UInt8]] {
        let file = try SafeTensorsFile(path: "\(data.path)/\(name)")
        return file.entries.keys.reduce(into: [:]) { $0[$1] = file.bytes(of: $1).map(Array.init) }
    }

    private struct Killed: Error {}

    /// Runs, saves after every step, and takes the state as it is when so many pictures have been shown: what a kill leaves that
    /// comes later, whatever the run did meanwhile.
    private func runAndKill(_ tuner: Tuner, stateOf pictures: Int) throws {
        tuner.saveInterval = 0
        let kept = tuner.stateFile + ".kept"
        var shown = 0
        #expect(throws: Killed.self) {
            try tuner.run {
                guard case .picture = $0 else { return }
                shown += 1
                if shown == pictures + 1 { try FileManager.default.copyItem(atPath: tuner.stateFile, toPath: kept) }
                if shown == pictures + 2 { throw Killed() }
            }
        }
        try FileManager.default.removeItem(atPath: tuner.stateFile)
        try FileManager.default.moveItem(atPath: kept, toPath: tuner.stateFile)
    }

    /// Runs and stops after so many pictures, as at an interrupt.
    private func runAndStop(_ tuner: Tuner, after pictures: Int) {
        var shown = 0
        #expect(throws: Killed.self) {
            try tuner.run {
                guard case .picture = $0 else { return }
                shown += 1
                if shown > pictures { throw Killed() }
            }
        }
    }

    @Test func sameSeed_GivesTheSameWeights_OnAnyThreads_StoppedOrNot() throws {
        let history = try tuner("a.safetensors", settings()).run { _ in }
        #expect(history.count == 2)
        #expect(try tuner("b.safetensors", settings(), threads: 1).run { _ in } == history)
        #expect(try tensors("a.safetensors") == tensors("b.safetensors"))
        // In the first epoch and in the second.
        runAndStop(try tuner("c.safetensors", settings()), after: 2)
        runAndStop(try tuner("c.safetensors", settings()), after: 4)
        let resumed = try tuner("c.safetensors", settings())
        #expect(resumed.resumed == (1, 2))
        #expect(try resumed.run { _ in } == history)
        #expect(try tensors("a.safetensors") == tensors("c.safetensors"))
        #expect(!FileManager.default.fileExists(atPath: resumed.stateFile))
        #expect(try tuner("d.safetensors", settings { $0.seed = 7 }).run { _ in } != history)
    }

    @Test(arguments: [1, 3, 4, 5]) func killedRun_GoesOnFromAnOlderState(_ pictures: Int) throws {
        let history = try tuner("a.safetensors", settings()).run { _ in }
        try runAndKill(try tuner("b.safetensors", settings()), stateOf: pictures)
        let resumed = try tuner("b.safetensors", settings())
        // Four pictures an epoch.
        #expect(resumed.resumed == (pictures / 4, pictures % 4))
        #expect(try resumed.run { _ in } == history)
        #expect(try tensors("a.safetensors") == tensors("b.safetensors"))
    }

    @Test func killedRun_WantsItsBestEpochBack() throws {
        let path = "\(data.path)/a.safetensors"
        runAndStop(try tuner("a.safetensors", settings()), after: 5)
        let best = try Data(contentsOf: URL(fileURLWithPath: path))
        try FileManager.default.removeItem(atPath: path)
        #expect { try tuner("a.safetensors", settings()) } throws: { "\($0)".contains("should hold epoch 1") && "\($0)".contains("is not there") }
        try data.write("something else", "a.safetensors")
        #expect { try tuner("a.safetensors", settings()) } throws: { "\($0)".contains("--restart") }
        try best.write(to: URL(fileURLWithPath: path))
        try tuner("a.safetensors", settings()).run { _ in }
    }

    @Test func twoRunsOfOneOutput_AreNotBothLetIn() throws {
        let first = try tuner("a.safetensors", settings())
        #expect { try tuner("a.safetensors", settings()) } throws: { "\($0)".contains("another run is writing it") }
        try first.run { _ in }
        #expect(!FileManager.default.fileExists(atPath: first.stateFile))
    }

    @Test func goodPicturesAlone_AreAllTunedOn() throws {
        let tuner = try Tuner(
            base: SafeTensorsFile(path: SPTModel.embeddedPath()), adapter: nil, samples: samples.filter { !$0.isDefective },
            settings: settings {
                $0.paintedShare = 0.7
                $0.goodShare = 0.3
                $0.epochs = 1
            }, files: .init(output: "\(data.path)/p.safetensors", cache: nil, overwrite: false, program: "test"), restarts: false, threads: 2)
        #expect(tuner.counts == (0, 4, 0, 0) && tuner.before == nil)
        try tuner.run { if case .epoch(_, let isBest) = $0 { #expect(isBest == nil) } }
    }

    @Test func transplantedDefects_AreKeptAndGoneOnWith() throws {
        let transplanted = settings {
            $0.transplantedShare = 0.5
            $0.views = 1
        }
        let history = try tuner("a.safetensors", transplanted).run { _ in }
        runAndStop(try tuner("b.safetensors", transplanted), after: 3)
        #expect(try tuner("b.safetensors", transplanted).run { _ in } == history)
        #expect(try tensors("a.safetensors") == tensors("b.safetensors"))
        #expect(try tuner("c.safetensors", settings { $0.views = 1 }).run { _ in } != history)
        #expect {
            try Tuner(
                base: SafeTensorsFile(path: SPTModel.embeddedPath()), adapter: nil, samples: samples.filter(\.isDefective), settings: transplanted,
                files: .init(output: "\(data.path)/d.safetensors", cache: nil, overwrite: false, program: "test"), restarts: false, threads: 2)
        } throws: { "\($0)".contains("no good picture to put a defect on") }
        #expect { try tuner("d.safetensors", settings { ($0.goodShare, $0.transplantedShare) = (0.6, 0.6) }) } throws: { "\($0)".contains("at most 1 together") }
        #expect { try tuner("d.safetensors", settings { $0.hiddenDraftShare = 1.5 }) } throws: { "\($0)".contains("hidden drafts") }
        #expect { try tuner("d.safetensors", settings { $0.draftWeight = -1 }) } throws: { "\($0)".contains("draft's weight") }
    }

    @Test func fingerprint_ChangesWithAnAnnotation() throws {
        let model = try tuner("a.safetensors", settings()).model
        func fingerprint(_ corner: Double) -> String {
            let shape = TruthShape.polygon([SIMD2(1, 1), SIMD2(corner, 1), SIMD2(corner, 9)])
            return Tuner.fingerprint(model, [
                DefectSample(name: "a", category: "", defect: "pit", imagePath: samples[0].imagePath, truth: .shapes([shape], size: nil)),
            ])
        }
        #expect(fingerprint(8) == fingerprint(8) && fingerprint(8) != fingerprint(9))
    }

    @Test func fileThatAppearsMeanwhile_IsNotReplaced() throws {
        let tuner = try tuner("a.safetensors", settings())
        #expect {
            try tuner.run { if case .before = $0 { try data.write("taken", "a.safetensors") } }
        } throws: { "\($0)".contains("is there already") }
        #expect(try String(contentsOfFile: "\(data.path)/a.safetensors", encoding: .utf8) == "taken")
    }

    @Test func averagedRun_GoesOnAfterAStop_AndIsNotTheLastStepsWeights() throws {
        let averaged = settings {
            $0.averaging = 0.9
            $0.warmupSteps = 3
            $0.schedule = .cosine
            $0.validationShare = 0
        }
        let history = try tuner("a.safetensors", averaged).run { _ in }
        runAndStop(try tuner("b.safetensors", averaged), after: 4)
        #expect(try tuner("b.safetensors", averaged).run { _ in } == history)
        #expect(try tensors("a.safetensors") == tensors("b.safetensors"))
        // The steps were the same ones.
        let plain = settings {
            $0.warmupSteps = 3
            $0.schedule = .cosine
            $0.validationShare = 0
        }
        #expect(try tuner("c.safetensors", plain).run { _ in } == history)
        #expect(try tensors("a.safetensors") != tensors("c.safetensors"))
        #expect { try tuner("b.safetensors", settings { $0.averaging = 1 }) } throws: { "\($0)".contains("averaging must be from 0") }
    }

    @Test func stateOfAnotherRun_IsRefused_UntilToldToForgetIt() throws {
        runAndStop(try tuner("a.safetensors", settings()), after: 3)
        let other = settings { $0.learningRate = 2e-3 }
        #expect { try tuner("a.safetensors", other) } throws: { "\($0)".contains("a run with other settings") && "\($0)".contains("--restart") }
        _ = try tuner("a.safetensors", other, restarts: true)
        runAndStop(try tuner("b.safetensors", settings()), after: 5)
        #expect { try tuner("b.safetensors", other, restarts: true) } throws: { "\($0)".contains("is there already") }
        #expect(try tuner("b.safetensors", settings()).resumed == (1, 1), "what was refused changed nothing")
        try FileHandle(forWritingTo: URL(fileURLWithPath: "\(data.path)/b.safetensors.state")).truncate(atOffset: 1000)
        #expect { try tuner("b.safetensors", settings()) } throws: { "\($0)".contains("b.safetensors.state") }
    }

    @Test func keptEmbeddings_GiveTheSameAsComputedOnes() throws {
        let views = settings { $0.views = 1 }
        let cold = try tuner("a.safetensors", views).run { _ in }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(data.path)/cache").count > 3)
        #expect(try tuner("b.safetensors", views).run { _ in } == cold)
        #expect(try tensors("a.safetensors") == tensors("b.safetensors"))
        // One that was damaged where it lies is made again.
        let folder = "\(data.path)/cache", files = try FileManager.default.contentsOfDirectory(atPath: folder)
        for file in files {
            let place = URL(fileURLWithPath: "\(folder)/\(file)")
            var bytes = try Data(contentsOf: place)
            bytes[1000] ^= 0x40
            try bytes.write(to: place)
        }
        #expect(try tuner("c.safetensors", views).run { _ in } == cold)
    }

    @Test func adapter_FitsItsBaseOnly_AndAnswersAsWhenItWasTuned() throws {
        _ = try tuner("a.safetensors", settings()).run { _ in }
        let path = "\(data.path)/a.safetensors"
        let model = try SPTModel(path: SPTModel.embeddedName, adapter: path)
        try AdapterParity.verify(model, threads: 1)
        // One number of the adapter changed, its parity vectors not.
        let file = try SafeTensorsFile(path: path), name = "draft_decoder.transformer.layers.0.lora_sim_scale"
        let bytes = try #require(file.bytes(of: name)), whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let place = try #require(whole.range(of: Data(bytes)))
        var damaged = whole
        damaged.replaceSubrange(place.lowerBound..<place.lowerBound + 4, with: withUnsafeBytes(of: Float(40).bitPattern.littleEndian) { Data($0) })
        try damaged.write(to: URL(fileURLWithPath: "\(data.path)/damaged.safetensors"))
        let other = try SPTModel(path: SPTModel.embeddedName, adapter: "\(data.path)/damaged.safetensors")
        #expect { try AdapterParity.verify(other, threads: 1) } throws: { "\($0)".contains("damaged.safetensors: does not answer as when it was tuned") }
        // The same weights under another name of the base.
        let text = String(decoding: whole, as: UTF8.self)
        let hash = try SafeTensorsFile(path: SPTModel.embeddedPath()).contentHash()
        #expect(text.contains(hash))
        var foreign = whole
        foreign.replaceSubrange(try #require(foreign.range(of: Data(hash.utf8))), with: Data(String(repeating: "0", count: 64).utf8))
        try foreign.write(to: URL(fileURLWithPath: "\(data.path)/foreign.safetensors"))
        #expect { try SPTModel(path: SPTModel.embeddedName, adapter: "\(data.path)/foreign.safetensors") } throws: {
            "\($0)".contains("was tuned on another model")
        }
    }

    @Test(arguments: [TuningMethod.decoder, .refine, .full])
    func wholeModels_ChangeWhatIsTuned_AndNothingElse(_ method: TuningMethod) throws {
        let tuner = try tuner("m.safetensors", settings {
            $0.target.method = method
            $0.learningRate = 1e-4
            $0.epochs = 1
        })
        let history = try tuner.run { _ in }
        #expect(history.count == 1)
        let written = try SPTSession(model: SPTModel(path: "\(data.path)/m.safetensors"), threads: 1)
        #expect(try ValidationSet(samples: tuner.validation.samples, session: written).measure() == history[0].validation, "what was measured is what was written")
        if method == .refine, let before = history.first?.validation?.draftIoU {
            #expect(before == (try self.tuner("n.safetensors", settings()).validation.measure()?.draftIoU), "the draft stays as it was")
        }
        let base = try SafeTensorsFile(path: SPTModel.embeddedPath()), tuned = try SafeTensorsFile(path: "\(data.path)/m.safetensors")
        #expect(base.entries.mapValues(\.shape) == tuned.entries.mapValues(\.shape))
        #expect(base.entries.mapValues(\.type) == tuned.entries.mapValues(\.type))
        func isChanged(_ name: String) -> Bool { base.bytes(of: name).map(Array.init) != tuned.bytes(of: name).map(Array.init) }
        #expect(isChanged("draft_decoder.mask_tokens.weight") && isChanged("draft_decoder.transformer.layers.1.lora_sim_scale"))
        #expect(isChanged("mask_decoder.transformer.layers.0.mlp.lin1.weight") == (method != .refine))
        #expect(isChanged("mask_decoder.transformer.layers.1.lora_sim_scale") == (method != .refine))
        #expect(isChanged("prompt_encoder.mask_downscaling.0.weight") == (method != .decoder))
        #expect(isChanged("image_encoder.stem.weight") == (method == .full))
        #expect(!isChanged("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"))
        #expect(!isChanged("mask_decoder.iou_prediction_head.layers.0.weight"))
    }

    @Test func draftThatIsAlwaysHidden_TeachesNothingToWhatReadsIt() throws {
        _ = try tuner("m.safetensors", settings {
            $0.target.method = .refine
            $0.learningRate = 1e-3
            $0.epochs = 1
            $0.hiddenDraftShare = 1
        }).run { _ in }
        let base = try SafeTensorsFile(path: SPTModel.embeddedPath()), tuned = try SafeTensorsFile(path: "\(data.path)/m.safetensors")
        func isChanged(_ name: String) -> Bool { base.bytes(of: name).map(Array.init) != tuned.bytes(of: name).map(Array.init) }
        #expect(isChanged("draft_decoder.mask_tokens.weight"))
        #expect(!isChanged("prompt_encoder.mask_downscaling.0.weight"))
    }

    @Test func lossFalls_WhenTheSamePictureIsShownAgain() throws {
        let history = try tuner("a.safetensors", settings {
            $0.target.method = .decoder
            $0.learningRate = 2e-4
            $0.epochs = 18
            $0.decayAfter = 18
            $0.sampling.points = 4000
            $0.validationShare = 0
            $0.goodShare = 0
            $0.augmentation = .none
            $0.prompts.points = 0
        }).run { _ in }
        let first = try #require(history.first), last = try #require(history.last)
        #expect(last.refinedLoss < 0.7 * first.refinedLoss && last.draftLoss < 0.7 * first.draftLoss, "\(first) → \(last)")
    }

    @Test func withoutAnythingToChooseBy_TheLastEpochIsTheResult() throws {
        _ = try tuner("a.safetensors", settings { $0.validationShare = 0 }).run { _ in }
        #expect(try SafeTensorsFile(path: "\(data.path)/a.safetensors").metadata["epoch"] == "2")
    }

    @Test func whatAnAdapterHeldBesides_StaysInIt() throws {
        _ = try tuner("a.safetensors", settings { $0.epochs = 1 }).run { _ in }
        let first = try SafeTensorsFile(path: "\(data.path)/a.safetensors")
        _ = try Tuner(
            base: SafeTensorsFile(path: SPTModel.embeddedPath()), adapter: first, samples: samples,
            settings: settings {
                $0.target.method = .lora
                $0.epochs = 1
            }, files: .init(output: "\(data.path)/b.safetensors", cache: nil, overwrite: false, program: "test"), restarts: false, threads: 2
        ).run { _ in }
        let second = try SafeTensorsFile(path: "\(data.path)/b.safetensors"), scale = "mask_decoder.transformer.layers.0.lora_sim_scale"
        #expect(second.bytes(of: scale).map(Array.init) == first.bytes(of: scale).map(Array.init))
        try AdapterParity.verify(SPTModel(path: SPTModel.embeddedName, adapter: second.path), threads: 1)
    }

    @Test func whatCannotBeTuned_IsSaid() throws {
        #expect { try tuner("a.safetensors", settings { $0.epochs = 0 }) } throws: { "\($0)".contains("epochs must be from 1") }
        #expect { try tuner("a.safetensors", settings { $0.sampling.oversample = 1e300 }) } throws: { "\($0)".contains("1 to 100 times") }
        #expect { try tuner("no/such/folder.safetensors", settings()) } throws: { "\($0)".contains("there is no folder") }
        #expect { try tuner("a.safetensors", settings { $0.augmentation.rotation = 900 }) } throws: { "\($0)".contains("rotation") }
        let good = samples.filter { !$0.isDefective }
        #expect {
            try Tuner(
                base: SafeTensorsFile(path: SPTModel.embeddedPath()), adapter: nil, samples: good, settings: settings(),
                files: .init(output: "\(data.path)/g.safetensors", cache: nil, overwrite: false, program: "test"), restarts: false, threads: 1)
        } throws: { "\($0)".contains("--painted-share") }
        _ = try tuner("r.safetensors", settings { $0.epochs = 1 }).run { _ in }
        let adapter = try SafeTensorsFile(path: "\(data.path)/r.safetensors")
        #expect {
            try Tuner(
                base: SafeTensorsFile(path: SPTModel.embeddedPath()), adapter: adapter, samples: samples, settings: settings { $0.target.rank = 4 },
                files: .init(output: "\(data.path)/g.safetensors", cache: nil, overwrite: false, program: "test"), restarts: false, threads: 1)
        } throws: { "\($0)".contains("--rank 8") }
        #expect {
            try Tuner(
                base: SafeTensorsFile(path: PublishedSAM.url("safetensors").path), adapter: nil, samples: samples,
                settings: settings { $0.target.method = .refine },
                files: .init(output: "\(data.path)/g.safetensors", cache: nil, overwrite: false, program: "test"), restarts: false, threads: 1)
        } throws: { "\($0)".contains("one pass") }
        try data.write("taken", "t.safetensors")
        #expect { try tuner("t.safetensors", settings()) } throws: { "\($0)".contains("--force") }
    }
}
