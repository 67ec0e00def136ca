"""A gateway that misses nothing: `deploy/examples/subscriber.py` against the daemon, both of which are killed on the way.

    pip install pyzmq
    catchup.py PATH/TO/flawd      exit code 0: what it printed is the journal, every event once and in order
"""
import json
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import zmq

FRAMES, CAMERAS = 3000, 3
program = pathlib.Path(sys.argv[1]).resolve()
example = pathlib.Path(__file__).parent.parent / "examples" / "subscriber.py"
folder = pathlib.Path(tempfile.mkdtemp(prefix="flawd-"))
(folder / "regions.yaml").write_text("version: 1\ncameras:\n  none: {regions: [{name: a, shape: {frame: true}}]}\n")
(folder / "flawd.yaml").write_text(json.dumps({
    "version": 1, "regions": "regions.yaml", "journal": {"path": "journal.sqlite"}, "pipeline": {"policy": "block"},
    "subscribe": {"bind": f"ipc://{folder}/frames"}, "publish": {"bind": f"ipc://{folder}/verdicts", "catch_up": f"ipc://{folder}/catchup"}}))


def daemon():
    process = subprocess.Popen([program, "run", "--config", folder / "flawd.yaml"], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.endswith("ready\n"):
            return process
    raise SystemExit(f"the daemon does not start: exit code {process.wait()}")


def subscriber(output):
    return subprocess.Popen([sys.executable, example, f"ipc://{folder}/verdicts", f"ipc://{folder}/catchup", folder / "position.txt"], stdout=output)


def rows():
    with sqlite3.connect(f"file:{folder}/journal.sqlite?mode=ro", uri=True) as journal:
        return [seq for (seq,) in journal.execute("SELECT seq FROM event ORDER BY seq")]


def wait(what, condition):
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within two minutes")
        time.sleep(0.1)


def publish(socket, numbers):
    """Small raw pictures of cameras without an entry in the region file: each gets its verdict, and no model is asked."""
    for number in numbers:
        for camera in range(CAMERAS):
            header = {"schema_version": 1, "camera": f"line/{camera}", "stream": "color", "sequence": number, "captured_monotonic_ns": 0, "captured_utc_ns": 0,
                      "width": 4, "height": 4, "pixel_format": "bgr8", "codec": "raw_bgr8", "payload_size": 48}
            socket.send_multipart([f"line/{camera}/color".encode(), json.dumps(header).encode(), bytes(48)])
        time.sleep(0.0005)


frames = zmq.Context.instance().socket(zmq.PUB)
frames.sndhwm = 0
frames.connect(f"ipc://{folder}/frames")
with open(folder / "printed.txt", "wb") as output:
    flawd, gateway = daemon(), subscriber(output)
    for part in range(4):
        publish(frames, range(part * FRAMES // 4, (part + 1) * FRAMES // 4))
        wait("rows of a quarter", lambda: rows() and rows()[-1] >= (part + 0.5) * FRAMES * CAMERAS / 4)
        if part == 0:
            gateway.kill()          # away while the second quarter is published
        if part == 1:
            gateway = subscriber(output)
        if part == 2:
            flawd.send_signal(signal.SIGKILL)
            flawd.wait()
            flawd = daemon()
            time.sleep(2)           # PUB reconnects
    wait("an idle journal", lambda: (before := len(rows())) and not time.sleep(1) and len(rows()) == before)
    printed = lambda: [int(line.split()[0]) for line in (folder / "printed.txt").read_text().splitlines()]
    wait("the gateway's last event", lambda: printed() and printed()[-1] >= rows()[-1])
    gateway.kill()
    flawd.send_signal(signal.SIGTERM)
    code = flawd.wait()
seen, kept = printed(), rows()
# The one event that a gateway was handling when it was killed may come to it again: it acts, then notes that it has.
twice = len(seen) - len(set(seen))
print(f"{len(kept)} rows, {len(set(seen))} seen, {twice} seen twice, daemon's exit code {code}")
subprocess.run([program, "journal", "verify", folder / "journal.sqlite"], check=True)
if sorted(set(seen)) != kept or kept != list(range(1, len(kept) + 1)) or twice > 1 or seen != sorted(seen) or code != 0:
    sys.exit(1)
