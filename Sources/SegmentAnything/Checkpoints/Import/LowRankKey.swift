/// The name of a trainable tensor of SPT: `MODULE.lora_A`, `MODULE.lora_B` or `BLOCK.lora_sim_scale`.
struct LowRankKey {
    enum Part: String, CaseIterable {
        case down = "lora_A", up = "lora_B", simScale = "lora_sim_scale"
    }

    let module: String
    let part: Part

    init?(_ key: String) {
        guard let dot = key.lastIndex(of: "."), let part = Part(rawValue: String(key[key.index(after: dot)...])) else { return nil }
        module = String(key[..<dot])
        self.part = part
    }

    /// Whether a key belongs to an adapter in any form: published code tells them by this part of the name.
    static func isLowRank(_ key: String) -> Bool { key.contains("lora_") }
}
