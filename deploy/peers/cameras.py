"""The examples of publishing cameras against the daemon: each must get verdicts of the model.

    apt-get install gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good; pip install camera-stream imagezmq
    cameras.py PATH/TO/flawd      exit code 0: every one did
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import cv2
import numpy
import zmq

PICTURES, WANTED = 600, 5
program = pathlib.Path(sys.argv[1]).resolve()
examples = pathlib.Path(__file__).parent.parent / "examples"
folder = pathlib.Path(tempfile.mkdtemp(prefix="flawd-"))
bin = pathlib.Path(sys.executable).parent

film = cv2.VideoWriter(str(folder / "film.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (640, 480))
noise = numpy.random.default_rng(1)
for number in range(PICTURES):
    picture = noise.normal(128, 6, (480, 640, 3)).clip(0, 255).astype(numpy.uint8)
    cv2.line(picture, (100 + number % 400, 120), (180 + number % 400, 300), (20, 20, 20), 3)
    film.write(picture)
film.release()
(folder / "server.yaml").write_text('endpoints: {stream_pub: "tcp://127.0.0.1:5555", ingest_api: "tcp://127.0.0.1:5557"}\ncameras: []\n')
(folder / "regions.yaml").write_text('version: 1\ncameras:\n  "*": {regions: [{name: part, shape: {frame: true}, limits: {fail_score: 0.6, review_score: 0.4}}]}\n')

# Which camera, the end of the socket that is flawd's, and the programs.
python = [sys.executable]
trials = {
    "camera-stream": ("top", "connect", [[bin / "camera-stream", "server", "--config", folder / "server.yaml"], [*python, examples / "camera_camerastream.py", "top", folder / "film.avi"]]),
    "imagezmq": ("line1/top", "connect", [[*python, examples / "camera_imagezmq.py", "line1/top", folder / "film.avi"]]),
    "OpenCV": ("line1/side", "bind", [[*python, examples / "camera_opencv.py", "line1/side", folder / "film.avi"]]),
    "GStreamer": ("line1/end", "bind", [["sh", "-c", "gst-launch-1.0 -q videotestsrc num-buffers=300 is-live=true ! video/x-raw,width=640,height=480,framerate=10/1 ! videoconvert"
                                                     f" ! jpegenc ! multipartmux ! fdsink | {sys.executable} {examples}/camera_gstreamer.py line1/end"]]),
}
failed = False
for name, (camera, end, commands) in trials.items():
    (folder / "flawd.yaml").write_text(json.dumps({
        "version": 1, "regions": "regions.yaml", "subscribe": {end: "tcp://127.0.0.1:5555"}, "publish": {"bind": f"ipc://{folder}/verdicts"}}))
    verdicts = zmq.Context.instance().socket(zmq.SUB)
    verdicts.connect(f"ipc://{folder}/verdicts")
    verdicts.subscribe(f"{camera}/verdict".encode())
    log = open(folder / f"{name}.log", "wb")
    processes = [subprocess.Popen([program, "run", "--config", folder / "flawd.yaml"], stderr=log)]
    processes += [subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True) for command in commands]
    seen, deadline = [], time.monotonic() + 60
    while len(seen) < WANTED and time.monotonic() < deadline:
        if verdicts.poll(200):
            event = json.loads(verdicts.recv_multipart()[1])
            if event["verdict"] != "uninspected":
                seen.append((event["verdict"], event.get("part_id")))
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        process.wait(timeout=20)
    verdicts.close(0)
    failed |= len(seen) < WANTED
    print(f"{name}: {len(seen)} verdicts of {camera}: {', '.join(' of '.join(filter(None, pair)) for pair in seen)}" + (f"; see {folder}" if len(seen) < WANTED else ""), flush=True)
sys.exit(failed)
