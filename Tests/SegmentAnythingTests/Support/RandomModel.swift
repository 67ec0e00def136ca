import Foundation
@testable import SegmentAnything

/// Files of small encoders with random weights of a size that keeps activations near 1.
enum RandomModel {
    typealias Shapes = [(name: String, shape: [Int])]

    /// Windows of 4 in a picture of 6 tokens, so that all but one are filled up; block 1 attends everywhere.
    static func visionTransformer() throws -> SafeTensorsTests.Fixture {
        let width = 24, heads = 3, grid = 6, window = 4, depth = 3, out = 16, prefix = "image_encoder."
        var shapes: Shapes = [
            (prefix + "patch_embed.proj.weight", [width, 3, 16, 16]), (prefix + "patch_embed.proj.bias", [width]),
            (prefix + "pos_embed", [1, grid, grid, width]), (prefix + "neck.0.weight", [out, width, 1, 1]),
            (prefix + "neck.2.weight", [out, out, 3, 3]),
        ]
        shapes += norm(prefix + "neck.1", out) + norm(prefix + "neck.3", out)
        for index in 0..<depth {
            let name = prefix + "blocks.\(index).", span = index == 1 ? grid : window
            shapes += norm(name + "norm1", width) + norm(name + "norm2", width)
            shapes += linear(name + "attn.qkv", width, 3 * width) + linear(name + "attn.proj", width, width)
            shapes += linear(name + "mlp.lin1", width, 4 * width) + linear(name + "mlp.lin2", 4 * width, width)
            shapes.append((name + "attn.rel_pos_h", [2 * span - 1, width / heads]))
            shapes.append((name + "attn.rel_pos_w", [2 * span - 1, width / heads]))
        }
        return try file(
            #"{"encoder": "vit", "image_size": \#(16 * grid), "patch_size": 16, "out_chans": \#(out), "embed_dim": \#(width), "depth": \#(depth), "num_heads": \#(heads), "global_attn_indexes": [1], "window_size": \#(window), "decoder_heads": 2}"#,
            shapes)
    }

    /// EfficientNet-Lite0 on a picture whose first stages are large enough to be streamed.
    static func lite(side: Int) throws -> SafeTensorsTests.Fixture {
        let stages = [
            (1, 16, 1, 3), (6, 24, 2, 3), (6, 40, 2, 5), (6, 80, 3, 3), (6, 112, 3, 5), (6, 192, 4, 5), (6, 320, 1, 3),
        ]
        let out = 16, prefix = "image_encoder."
        var shapes: Shapes = convolution(prefix + "stem", [32, 3, 3, 3]), channels = 32, index = 0
        for (expansion, outputs, repeats, kernel) in stages {
            for _ in 0..<repeats {
                let name = prefix + "blocks.\(index).", hidden = channels * expansion
                if index > 0 { shapes += convolution(name + "expand", [hidden, channels, 1, 1]) }
                shapes += convolution(name + "depthwise", [hidden, 1, kernel, kernel])
                shapes += convolution(name + "project", [outputs, hidden, 1, 1])
                channels = outputs
                index += 1
            }
        }
        shapes += convolution(prefix + "lateral8", [out, 40, 2, 2]) + convolution(prefix + "lateral16", [out, 112, 1, 1])
        shapes += convolution(prefix + "lateral32", [out, 320, 1, 1]) + norm(prefix + "norm1", out) + norm(prefix + "norm2", out)
        shapes += convolution(prefix + "mix_depthwise", [out, 1, 3, 3]) + convolution(prefix + "mix_pointwise", [out, out, 1, 1])
        return try file(
            #"{"encoder": "lite0", "image_size": \#(side), "embedding_stride": 16, "transformer_dim": \#(out), "decoder_heads": 2}"#, shapes)
    }

    private static func norm(_ name: String, _ size: Int) -> Shapes { [(name + ".weight", [size]), (name + ".bias", [size])] }

    private static func linear(_ name: String, _ inputs: Int, _ outputs: Int) -> Shapes {
        [(name + ".weight", [outputs, inputs]), (name + ".bias", [outputs])]
    }

    private static func convolution(_ name: String, _ shape: [Int]) -> Shapes {
        [(name + ".weight", shape), (name + ".bias", [shape[0]])]
    }

    private static func file(_ config: String, _ shapes: Shapes) throws -> SafeTensorsTests.Fixture {
        var header: [String: Any] = ["__metadata__": ["config": config]], data: [UInt8] = [], state: UInt32 = 1
        func noise() -> Float {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(state >> 8) / Float(1 << 23) - 1
        }
        for (name, shape) in shapes {
            let start = data.count, isScale = shape.count == 1 && name.hasSuffix("weight")
            let size: Float = shape.count == 1 || name.contains("pos") ? 0.3 : (6 / Float(shape.dropFirst().reduce(1, *))).squareRoot()
            for _ in 0..<shape.reduce(1, *) {
                let value = noise() * size + (isScale ? 1 : 0)
                withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
            header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [start, data.count]] as [String: Any]
        }
        let text = String(decoding: try JSONSerialization.data(withJSONObject: header), as: UTF8.self)
        return try SafeTensorsTests.Fixture(header: text, data: data)
    }
}
