import Imaging

/// Defective parts made of good ones and of the defects of others: "copy and paste" (Ghiasi et al., "Simple copy-paste is a strong
/// data augmentation method", CVPR 2021). A few hundred defects are seen on a few hundred surfaces only; so each is seen on any.
///
/// Not thread-safe: each worker owns one. It holds one decoded donor at a time.
final class TransplantedDefects {
    private let donors: [DefectSample]
    private let seed: UInt64
    private let reader = SampleReader()
    private let donor = RGBImage()

    /// - Parameter donors: defective samples, one at least where anything is transplanted.
    init(donors: [DefectSample], seed: UInt64) {
        self.donors = donors
        self.seed = seed
    }

    /// Lays the defect of a random donor on `image`, which holds a good part.
    ///
    /// - Parameter step: what is laid where depends on the seed, this number and the pictures alone.
    /// - Returns: the truth, at the picture's size; it marks a pixel at least unless the picture is empty.
    /// - Throws: ``DatasetError`` naming a donor's file that cannot be used.
    func transplant(onto image: RGBImage, step: Int) throws(DatasetError) -> BinaryMask {
        var random = SeededGenerator(seed: seed, step: step, for: .transplanting)
        guard !donors.isEmpty else { throw DatasetError(description: "there is no defective picture to take a defect from") }
        let sample = donors[random.below(donors.count)]
        let draw = TransplantDraw(using: &random)
        guard let truth = try reader.read(sample, into: donor) else { throw SampleReader.marksNothing(sample) }
        return Transplant(donor, truth: truth, draw: draw, host: image.size)?.apply(to: image)
            ?? BinaryMask(width: image.width, height: image.height)
    }
}
