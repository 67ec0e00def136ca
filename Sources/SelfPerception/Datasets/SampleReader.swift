import Imaging

/// Reads pictures and truth of a data set's samples. Not Sendable: each worker makes its own.
public final class SampleReader {
    private let pictures: PictureReader

    public init(limits: ImageLimits = .init()) { pictures = PictureReader(limits: limits) }

    /// Decodes a sample's picture into `image`.
    ///
    /// - Returns: the truth at the picture's size; nil for a good part.
    /// - Throws: ``DatasetError`` naming the file: one that is damaged, a mask of another size, a truth that marks nothing.
    public func read(_ sample: DefectSample, into image: RGBImage) throws(DatasetError) -> BinaryMask? {
        try readTruth(sample, into: image)?.mask
    }

    /// As ``read(_:into:)``, with the truth in gray levels.
    public func readTruth(_ sample: DefectSample, into image: RGBImage) throws(DatasetError) -> SampleTruth? {
        do { try pictures.read(path: sample.imagePath, into: image) } catch {
            throw DatasetError(description: "\(sample.imagePath): \(error)")
        }
        let truth = try truth(of: sample, size: image.size)
        if let truth, truth.isEmpty { throw Self.marksNothing(sample) }
        return truth
    }

    /// Checks what can be without decoding the picture: its header, and all of its truth.
    ///
    /// - Returns: whether the truth marks anything; nil for a good part.
    func check(_ sample: DefectSample) throws(DatasetError) -> Bool? {
        let size: PixelSize
        do { size = try pictures.size(path: sample.imagePath) } catch {
            throw DatasetError(description: "\(sample.imagePath): \(error)")
        }
        return try truth(of: sample, size: size).map { !$0.isEmpty }
    }

    static func marksNothing(_ sample: DefectSample) -> DatasetError {
        switch sample.truth {
        case .files(let paths, _) where !paths.isEmpty:
            DatasetError(description: "\(paths.joined(separator: ", ")): marks no pixel; remove it if the part is good")
        default:
            DatasetError(description: "\(sample.imagePath): its annotations mark no pixel; remove them if the part is good")
        }
    }

    private func truth(of sample: DefectSample, size: PixelSize) throws(DatasetError) -> SampleTruth? {
        switch sample.truth {
        case .none: return nil
        case .files(let paths, let level): return SampleTruth(size: size, gray: try gray(paths, above: level, size: size))
        case .shapes(let shapes, let stated):
            if let stated, stated != size {
                throw DatasetError(description: "\(sample.imagePath): measures \(size), its annotation says \(stated)")
            }
            var mask = BinaryMask(width: size.width, height: size.height)
            for shape in shapes {
                do { try shape.draw(on: &mask) } catch {
                    throw DatasetError(description: "\(sample.imagePath): its annotation: \(error)")
                }
            }
            var gray: [UInt8] = []
            mask.mono8(into: &gray)
            return SampleTruth(size: size, gray: gray)
        }
    }

    private func gray(_ paths: [String], above level: UInt8, size: PixelSize) throws(DatasetError) -> [UInt8] {
        var union: [UInt8] = []
        for path in paths {
            let file: (size: PixelSize, pixels: [UInt8])
            do { file = try pictures.readGray(path: path) } catch {
                throw DatasetError(description: "\(path): \(error)")
            }
            guard file.size == size else {
                throw DatasetError(description: "\(path): measures \(file.size), its picture \(size); a mask is of its picture's size")
            }
            // At the published threshold the levels stay, so that they can be stretched before they are compared with it.
            let levels = level == SampleTruth.level ? file.pixels : file.pixels.map { $0 > level ? 255 : 0 }
            union = union.isEmpty ? levels : zip(union, levels).map(max)
        }
        return union
    }
}
