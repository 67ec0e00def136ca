#!/usr/bin/env python3
"""A peer for `flawd bench --peer`: the same model in ONNX Runtime or OpenVINO on the CPU. A model with `points` and
`labels` gets one box around the whole picture; an encoder alone just the picture.

usage: onnx.py onnxruntime|openvino MODEL.onnx THREADS

Prints its name, then for each line it reads runs once and prints the milliseconds that took. The picture is noise of
the input's size, already normalised: unlike flawd's figure, no JPEG, resize or post-processing is in it.
"""
import sys
import time

import numpy


def onnxruntime_session(path, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    shapes = {value.name: value.shape for value in session.get_inputs()}
    return f"ONNX Runtime {onnxruntime.__version__}", shapes, lambda feed: session.run(None, feed)


def openvino_session(path, threads):
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    model = openvino.Core().compile_model(path, "CPU", settings)
    shapes = {value.any_name: [int(side.to_string()) if side.is_static else 0 for side in value.partial_shape] for value in model.inputs}
    return f"OpenVINO {openvino.__version__}", shapes, model.create_infer_request().infer


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("onnxruntime", "openvino"):
        sys.exit(__doc__)
    make = {"onnxruntime": onnxruntime_session, "openvino": openvino_session}[sys.argv[1]]
    name, shapes, run = make(sys.argv[2], int(sys.argv[3]))
    noise = numpy.random.default_rng(1)
    height, width = shapes["image"][2:]
    feed = {"image": noise.standard_normal((1, 3, height, width)).astype("float32")}
    if "points" in shapes:
        feed["points"] = numpy.array([[[0, 0], [width, height]]], "float32")
        feed["labels"] = numpy.array([[2, 3]], "int64")
    print(f"{name}, {sys.argv[3]} threads", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run(feed)
        print((time.perf_counter() - start) * 1e3, flush=True)


if __name__ == "__main__":
    main()
