"""How soon flawd is ready after its start, and how long a reload of the region file takes while frames are inspected.

    pip install pyzmq pillow
    service.py PATH/TO/flawd [--cold]     exit code 1: a frame was late, or the figures that flawd stands for are not met

--cold, as root, empties the system's file cache before each start. The program should be as it is installed, without debugging symbols.
"""
import io
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import zmq
from PIL import Image

STARTS, RELOADS, RATE, DEADLINE_MS = 5, 40, 12, 200
program = pathlib.Path(sys.argv[1]).resolve()
folder = pathlib.Path(tempfile.mkdtemp(prefix="flawd-"))


def regions(right):
    """At once: nobody reads half of it."""
    new = folder / "regions.yaml.new"
    new.write_text(f"version: 1\ncameras:\n  c: {{reference_size: [640, 480], regions: [{{name: a, shape: {{box: [40, 40, {right}, 440]}}}}]}}\n")
    new.rename(folder / "regions.yaml")


regions(600)
address = {name: f"ipc://{folder}/{name}" for name in ("frames", "verdicts", "catchup", "control")}
(folder / "flawd.yaml").write_text(json.dumps({
    "version": 1, "regions": "regions.yaml", "journal": {"path": "journal.sqlite"}, "http": {"bind": "127.0.0.1:0"}, "control": address["control"],
    "subscribe": {"connect": address["frames"]}, "publish": {"bind": address["verdicts"], "catch_up": address["catchup"]}, "pipeline": {"deadline_ms": DEADLINE_MS}}))
notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notices.bind(str(folder / "notify"))


def start():
    begun = time.monotonic()
    process = subprocess.Popen([program, "run", "--config", folder / "flawd.yaml"], env=os.environ | {"NOTIFY_SOCKET": str(folder / "notify")}, stderr=subprocess.DEVNULL)
    while b"READY=1" not in notices.recv(4096):
        pass
    return process, time.monotonic() - begun


def stop(process):
    process.terminate()
    if process.wait() != 0:
        raise SystemExit(f"the daemon ended with {process.returncode}")


starts = []
for _ in range(STARTS):
    if "--cold" in sys.argv:
        os.sync()
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")
    process, seconds = start()
    starts.append(seconds)
    stop(process)
print(f"start to READY, nano: median {statistics.median(starts):.2f} s, at most {max(starts):.2f} s of {STARTS}{', file cache emptied' if '--cold' in sys.argv else ''}")

context = zmq.Context()
frames, verdicts, control = context.socket(zmq.XPUB), context.socket(zmq.SUB), context.socket(zmq.DEALER)
frames.sndhwm = verdicts.rcvhwm = 0
frames.bind(address["frames"])
verdicts.connect(address["verdicts"])
verdicts.subscribe(b"c/verdict")
control.connect(address["control"])
picture = io.BytesIO()
Image.effect_noise((640, 480), 30).convert("RGB").save(picture, "JPEG")
payload, ending, sent = picture.getvalue(), threading.Event(), 0


def camera():
    global sent
    begun = time.monotonic()
    while not ending.is_set():
        header = {"camera": "c", "captured_monotonic_ns": 0, "captured_utc_ns": 0, "codec": "jpeg", "height": 480, "width": 640, "payload_size": len(payload),
                  "pixel_format": "bgr8", "schema_version": 1, "sequence": sent, "stream": "color"}
        frames.send_multipart([b"c/color", json.dumps(header).encode(), payload])
        sent += 1
        time.sleep(max(0, begun + sent / RATE - time.monotonic()))


process, _ = start()
# The subscription has arrived: no first verdict is published before it.
verdicts.subscribe(b"status/heartbeat")
verdicts.recv_multipart()
verdicts.unsubscribe(b"status/heartbeat")
frames.poll()
thread = threading.Thread(target=camera)
thread.start()
time.sleep(2)
times = []
for number in range(RELOADS):
    regions(500 + number)
    begun = time.monotonic()
    control.send(b'{"command": "reload"}')
    if not control.poll(10_000) or not json.loads(control.recv())["ok"]:
        raise SystemExit("the reload was refused, or not answered")
    times.append((time.monotonic() - begun) * 1000)
    time.sleep(0.25)
ending.set()
thread.join()
events, late = 0, 0
while events < sent and verdicts.poll(5000):
    topic, event = verdicts.recv_multipart()[:2]
    if topic == b"status/heartbeat":
        continue
    event = json.loads(event)
    events += 1
    late += event["verdict"] == "uninspected"
stop(process)
print(f"reload: median {statistics.median(times):.1f} ms, at most {max(times):.1f} ms of {RELOADS}; {sent} frames at {RATE} a second, {events} verdicts, "
      f"{late} later than {DEADLINE_MS} ms or not inspected")
if events != sent or late or max(times) > 50 or statistics.median(starts) > 0.5:
    sys.exit(1)
