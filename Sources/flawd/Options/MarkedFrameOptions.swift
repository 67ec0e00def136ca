import ArgumentParser
import SelfPerception

/// Frames of which it is known whether the part is good: data sets, and folders of one kind.
struct MarkedFrameOptions: ParsableArguments {
    enum Part: String, ExpressibleByArgument, CaseIterable { case test, train, all }

    @Argument(help: ArgumentHelp("Folders of data sets.", valueName: "folder"))
    var folders: [String] = []

    @Option(help: "Layout of the data sets. (default: recognised)")
    var layout: DatasetLayout?

    @Option(help: "Which of a data set's frames: test, train or all. The model may have been tuned on the train frames.")
    var part = Part.test

    @Option(help: ArgumentHelp("Folder of frames of good parts; may be given several times.", valueName: "folder"))
    var good: [String] = []

    @Option(help: ArgumentHelp("Folder of frames of defective parts, each with a mask NAME.png beside it or without; may be given several times.", valueName: "folder"))
    var defective: [String] = []

    @Flag(help: "A frame that cannot be used is an error, instead of being named and left out.")
    var strict = false

    func validate() throws {
        if folders.isEmpty, good.isEmpty || defective.isEmpty {
            throw ValidationError("Give folders of data sets, or --good and --defective.")
        }
    }

    /// Each frame once, whichever folders name it.
    ///
    /// - Throws: `DatasetError` naming the folder or file.
    func samples() throws -> [DefectSample] {
        var samples: [DefectSample] = []
        for folder in folders {
            let dataset = try DefectDataset.open(folder, layout: layout, isStrict: strict)
            for line in dataset.skipped { Terminal.printError("left out: \(line)") }
            switch part {
            case .test: samples += dataset.test
            case .train: samples += dataset.train
            case .all: samples += dataset.samples
            }
        }
        for folder in good { samples += try DefectSample.parts(in: folder, areDefective: false) }
        for folder in defective { samples += try DefectSample.parts(in: folder, areDefective: true) }
        let (once, repeated) = try DefectSample.withoutRepeats(samples)
        for line in repeated { Terminal.printError("left out: \(line)") }
        return once
    }
}
