/// How a data set's pictures and truth lie in its folder. Each layout's reader says where it is documented.
public enum DatasetLayout: String, CaseIterable, Sendable, Codable {
    /// The evaluation of the SPT paper: pairs `NAME.jpg` + `NAME.png`, in `{train,test}` or loose in one folder.
    case published
    case mvtec
    case visa
    /// Magnetic tile defects as their authors ship them.
    case mtd
    /// KolektorSDD2
    case kolektor
    case btad
    case mpdd
    case coco
    case labelme

    /// What a folder of this layout looks like, for messages and help.
    public var shape: String {
        switch self {
        case .published: "[NAME/]{train,test}/*.jpg + *.png, or *.jpg + *.png in one folder"
        case .mvtec, .mpdd: "[PRODUCT/]{train/good, test/{good,KIND}, ground_truth/KIND/*_mask.png}"
        case .btad: "[PRODUCT/]{train/ok, test/{ok,ko}, ground_truth/ko}"
        case .visa: "PRODUCT/Data/{Images/{Normal,Anomaly}, Masks/Anomaly} and split_csv/1cls.csv"
        case .mtd: "MT_KIND/Imgs/*.jpg + *.png"
        case .kolektor: "{train,test}/*.png + *_GT.png"
        case .coco: "a COCO JSON file, or a folder with one beside its pictures, in annotations/ or in {train,valid,test}/"
        case .labelme: "*.json beside pictures, in one folder or in {train,test}"
        }
    }

    /// Which reader opens a folder of this layout.
    var reader: any LayoutReader.Type {
        switch self {
        case .published: PublishedLayout.self
        case .mvtec: MVTecLayout.self
        case .mpdd: MPDDLayout.self
        case .btad: BTADLayout.self
        case .visa: VisALayout.self
        case .mtd: MagneticTileLayout.self
        case .kolektor: KolektorLayout.self
        case .coco: COCOLayout.self
        case .labelme: LabelMeLayout.self
        }
    }

    /// The first layout that a folder (or file) has the signs of. The particular ones are asked before the general.
    static func detect(_ place: DatasetFolder) -> DatasetLayout? {
        let order: [DatasetLayout] = [.visa, .mtd, .mpdd, .btad, .mvtec, .kolektor, .coco, .labelme, .published]
        return order.first { $0.reader.recognises(place) }
    }
}

/// Finds the samples of one layout.
protocol LayoutReader {
    /// Whether a folder has this layout's signs. Looks at names, and at the first bytes of a JSON file, only.
    static func recognises(_ place: DatasetFolder) -> Bool

    /// Hands every sample, and every file that is wrong, to `samples`.
    static func read(_ place: DatasetFolder, into samples: SampleCollector) throws(DatasetError)
}
