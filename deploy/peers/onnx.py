#!/usr/bin/env python3
"""A peer for `flawd bench --peer`: the same model, one whole-image box, in ONNX Runtime or OpenVINO on the CPU.

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
    return f"ONNX Runtime {onnxruntime.__version__}", lambda feed: session.run(None, feed)


def openvino_session(path, threads):
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(path, "CPU", settings).create_infer_request()
    return f"OpenVINO {openvino.__version__}", request.infer


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("onnxruntime", "openvino"):
        sys.exit(__doc__)
    make = {"onnxruntime": onnxruntime_session, "openvino": openvino_session}[sys.argv[1]]
    name, run = make(sys.argv[2], int(sys.argv[3]))
    noise = numpy.random.default_rng(1)
    feed = {
        "image": noise.standard_normal((1, 3, 512, 512)).astype("float32"),
        "points": numpy.array([[[0, 0], [512, 512]]], "float32"),
        "labels": numpy.array([[2, 3]], "int64"),
    }
    print(f"{name}, {sys.argv[3]} threads", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run(feed)
        print((time.perf_counter() - start) * 1e3, flush=True)


if __name__ == "__main__":
    main()
