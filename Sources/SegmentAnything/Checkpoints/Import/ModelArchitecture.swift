extension ModelConfiguration {
    /// What people call a model of these sizes.
    public var architectureName: String {
        switch encoder {
        case .lite0: return "EfficientNet-Lite0 SAM"
        case .tinyvit: return embedDims == [64, 128, 160, 320] && depths == [2, 2, 6, 2] ? "MobileSAM (ViT-T)" : "SAM TinyViT"
        case .vit:
            switch (embedDim ?? 0, depth ?? 0, numHeads ?? 0) {
            case (768, 12, 12): return "SAM ViT-B"
            case (1024, 24, 16): return "SAM ViT-L"
            case (1280, 32, 16): return "SAM ViT-H"
            case let (width, depth, heads): return "SAM ViT, \(depth) blocks of \(width) channels and \(heads) heads"
            }
        }
    }
}
