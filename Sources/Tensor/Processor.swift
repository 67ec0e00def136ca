import COpenBLAS

/// What the kernels need of the machine.
public enum Processor {
    /// nil when the processor has what this build was compiled for, else what is missing.
    public static func missingFeature() -> String? {
        #if os(Linux) && arch(x86_64)
        guard let flags = ProcessorFlags.read() else { return nil }
        for flag: Substring in ["avx2", "fma", "bmi2", "f16c"] where !flags.contains(flag) {
            return "flawd needs a processor with \(flag.uppercased()) (x86-64-v3, Intel Haswell or AMD Excavator and later)"
        }
        #endif
        return nil
    }

    // OpenBLAS would start a thread a core for each product; ours decide instead.
    private static let singleThreadedBLAS: Void = openblas_set_num_threads(1)

    static func prepare() { _ = singleThreadedBLAS }

    /// OpenBLAS's own description: version and the kernel it chose.
    public static var productLibrary: String {
        "\(String(cString: openblas_get_config())) (\(String(cString: openblas_get_corename())))"
    }
}
