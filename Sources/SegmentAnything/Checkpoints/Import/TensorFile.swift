/// Opens a file of weights by what it is, not by what it is called.
public enum TensorFile {
    public static func open(_ path: String) throws(CheckpointError) -> any TensorSource {
        let kind = try MappedFile(path: path).kind
        return kind == .safeTensors ? try SafeTensorsFile(path: path) : try PyTorchFile(path: path)
    }
}

extension MappedFile {
    fileprivate var kind: FileKind? { FileKind(bytes) }
}
