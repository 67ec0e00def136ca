"""A long time at the highest rate: see deploy/soak."""
import argparse
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass

import zmq
from PIL import Image, ImageDraw, ImageFilter

from daemon import Daemon
from plot import Chart, svg
from rig import free_endpoints
from waiting import Failure, wait_for

CONFIGURATION = """\
version: 1
regions: regions.yaml
subscribe: {connect: "%(frames)s"}
publish: {bind: "%(verdicts)s"}
journal: {path: journal.sqlite}
http: {bind: "127.0.0.1:0"}
pipeline: {queue_per_camera: 1, shutdown_ms: 20000}
"""

REGIONS = """\
version: 1
cameras:
  soak/*:
    reference_size: [640, 480]
    regions: [{name: surface, shape: {box: [40, 40, 600, 440]}}]
"""


@dataclass
class Sample:
    at: float
    seen: int
    resident_mb: float
    anonymous_mb: float
    descriptors: int
    threads: int
    inspected: int
    p50_ms: float
    p99_ms: float


def pictures(count: int) -> list[bytes]:
    """Parts with a texture, every second one with a scratch: 640×480 JPEG."""
    source, made = random.Random(1), []
    for index in range(count):
        noise = Image.frombytes("L", (160, 120), source.randbytes(160 * 120)).resize((640, 480)).filter(ImageFilter.GaussianBlur(2))
        picture = Image.blend(Image.new("L", (640, 480), 120 + source.randrange(40)), noise, 0.25)
        if index % 2:
            x, y = source.randrange(80, 480), source.randrange(80, 360)
            ImageDraw.Draw(picture).line([(x, y), (x + source.randrange(30, 90), y + source.randrange(-30, 30))], fill=30, width=source.randrange(2, 6))
        file = io.BytesIO()
        picture.convert("RGB").save(file, "JPEG", quality=90)
        made.append(file.getvalue())
    return made


class Cameras(threading.Thread):
    def __init__(self, socket: zmq.Socket[bytes], names: list[str], frames: int, rate: float) -> None:
        super().__init__(daemon=True)
        self.socket, self.names, self.frames, self.rate, self.sent = socket, names, frames, rate, 0

    def run(self) -> None:
        payloads, begun = pictures(24), time.monotonic()
        while self.sent < self.frames:
            camera, sequence, payload = self.names[self.sent % len(self.names)], self.sent // len(self.names), payloads[self.sent * 7 // 5 % 24]
            header = {"camera": camera, "captured_monotonic_ns": time.monotonic_ns(), "captured_utc_ns": time.time_ns(), "codec": "jpeg", "height": 480, "width": 640,
                      "payload_size": len(payload), "pixel_format": "bgr8", "schema_version": 1, "sequence": sequence, "stream": "color"}
            self.socket.send_multipart([f"{camera}/color".encode(), json.dumps(header).encode(), payload])
            self.sent += 1
            time.sleep(max(0, begun + self.sent / self.rate - time.monotonic()))


class Gateway(threading.Thread):
    """Counts every event; what it saw of a frame is one bit."""

    def __init__(self, socket: zmq.Socket[bytes], names: list[str], frames: int) -> None:
        super().__init__(daemon=True)
        self.socket = socket
        self.seen = {name: bytearray(frames // len(names) + 1) for name in names}
        self.inspected = dict.fromkeys(names, 0)
        self.verdicts: dict[str, int] = {}
        self.count, self.twice, self.missing, self.status = 0, 0, 0, []
        self.lock, self.latencies, self.ending = threading.Lock(), [], False

    def run(self) -> None:
        while not self.ending:
            if not self.socket.poll(200):
                continue
            event = json.loads(self.socket.recv_multipart()[1])
            if event["type"] == "missing":
                self.missing += event["count"]
            if event["type"] == "status":
                self.status.append(f"{event['condition']}: {event['state']}")
            if event["type"] != "verdict":
                continue
            self.count += 1
            self.twice += self.seen[event["camera"]][event["sequence"]]
            self.seen[event["camera"]][event["sequence"]] = 1
            word = event["verdict"] + (f" ({event['reason']})" if "reason" in event else "")
            self.verdicts[word] = self.verdicts.get(word, 0) + 1
            if event["verdict"] != "uninspected":
                self.inspected[event["camera"]] += 1
                with self.lock:
                    self.latencies.append(event["latency_ns"]["total"] / 1e6)

    def take(self) -> list[float]:
        with self.lock:
            latencies, self.latencies = self.latencies, []
        return sorted(latencies)


def sample(daemon: Daemon, gateway: Gateway, at: float) -> Sample:
    with open(f"/proc/{daemon.pid}/status") as file:
        status = dict(line.split(":", 1) for line in file)
    number = lambda key: int(status[key].split()[0])
    latencies = gateway.take() or [0.0]
    return Sample(at, gateway.count, number("VmRSS") / 1024, number("RssAnon") / 1024, len(os.listdir(f"/proc/{daemon.pid}/fd")), number("Threads"),
                  sum(gateway.inspected.values()), latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100])


def quarter(samples: list[Sample], key: str, number: int) -> float:
    """The median of a quarter of all samples; of the first one, without its first tenth of all, which is the start."""
    begin = len(samples) * number // 4 if number else len(samples) // 10
    return statistics.median(getattr(s, key) for s in samples[begin:max(begin + 1, len(samples) * (number + 1) // 4)])


def main() -> int:
    parser = argparse.ArgumentParser(prog="deploy/soak", description="Runs flawd for a long time at the highest rate and checks that nothing grows.")
    parser.add_argument("--frames", type=int, default=200_000, help="from all cameras together")
    parser.add_argument("--rate", type=float, default=60, help="frames a second from all cameras together; more than are inspected, or it is no soak")
    parser.add_argument("--cameras", type=int, default=10)
    parser.add_argument("--plot", metavar="FILE.svg", help="where the plot goes (default: into the folder)")
    parser.add_argument("--flawd", default=".build/release/flawd", metavar="PROGRAM", help="what is tested (default: built from this checkout)")
    parser.add_argument("--out", metavar="DIR", help="where journal and log stay (default: a temporary folder, kept when something is wrong)")
    options = parser.parse_args()
    folder = os.path.abspath(options.out) if options.out else tempfile.mkdtemp(prefix="flawd-soak-")
    os.makedirs(folder, exist_ok=True)
    frames, verdicts = free_endpoints(2)
    for name, text in (("flawd.yaml", CONFIGURATION % {"frames": frames, "verdicts": verdicts}), ("regions.yaml", REGIONS)):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
    context, names = zmq.Context(), [f"soak/{index:02}" for index in range(options.cameras)]
    source, sink = context.socket(zmq.XPUB), context.socket(zmq.SUB)
    source.sndhwm = sink.rcvhwm = 0
    source.bind(frames)
    sink.connect(verdicts)
    sink.subscribe(b"")
    gateway, cameras = Gateway(sink, names, options.frames), Cameras(source, names, options.frames, options.rate)
    gateway.start()
    daemon = Daemon(os.path.abspath(options.flawd), folder)
    daemon.start()
    wait_for("the daemon subscribes to the cameras", lambda: source.poll(0))
    begun, samples = time.monotonic(), []
    cameras.start()
    interval = max(2, options.frames / options.rate / 360)
    while cameras.is_alive():
        time.sleep(interval)
        if daemon.is_dead():
            raise Failure(f"the daemon ended by itself: {daemon.log()[-2000:]}")
        samples.append(sample(daemon, gateway, time.monotonic() - begun))
    took = time.monotonic() - begun
    wait_for("the last verdict", lambda: gateway.count >= cameras.sent)
    daemon.stop()
    gateway.ending = True
    gateway.join()
    verify = subprocess.run([daemon.program, "journal", "verify", os.path.join(folder, "journal.sqlite")], capture_output=True, text=True)

    inspected = list(gateway.inspected.values())
    spread = (max(inspected) - min(inspected)) / statistics.mean(inspected)
    lost = options.frames - sum(sum(seen) for seen in gateway.seen.values())
    print(f"{cameras.sent} frames of {len(names)} cameras in {took:.0f} s ({cameras.sent / took:.0f}/s), {sum(inspected)} inspected ({sum(inspected) / took:.1f}/s); "
          f"verdicts lost: {lost}, seen twice: {gateway.twice}, frames missing: {gateway.missing}")
    print("verdicts: " + ", ".join(f"{word} {count}" for word, count in sorted(gateway.verdicts.items())))
    print(f"inspected frames of a camera: {min(inspected)} to {max(inspected)}, {spread:.1%} of their mean apart")
    print(f"status events: {', '.join(sorted(set(gateway.status))) or 'none'}")
    wrong = [] if not (lost or gateway.twice or gateway.missing) else ["verdicts"]
    # What leaks grows in every quarter; what a burst of work once needed is a step.
    for key, name, step, growth in (("resident_mb", "resident memory, MB", 1.1, 1.01), ("anonymous_mb", "of it allocated, MB", 1.1, 1.01), ("descriptors", "descriptors", 1, 1),
                                    ("threads", "threads", 1, 1), ("p50_ms", "latency, median, ms", 1.1, 1.1), ("p99_ms", "latency, 99th percentile, ms", 1.1, 1.1)):
        quarters = [quarter(samples, key, number) for number in range(4)]
        print(f"{name}: {', '.join(f'{value:.1f}' for value in quarters)} in the quarters, at most {max(getattr(s, key) for s in samples[len(samples) // 10:]):.1f}")
        if quarters[3] > quarters[0] * step or quarters[3] > quarters[2] * growth:
            wrong.append(name)
    if spread > 0.1:
        wrong.append("cameras are not served alike")
    if verify.returncode != 0:
        wrong.append(f"flawd journal verify: {verify.stdout}{verify.stderr}")
    points = lambda key: [(s.seen, getattr(s, key)) for s in samples]
    with open(options.plot or os.path.join(folder, "soak.svg"), "w") as file:
        file.write(svg(f"{cameras.sent:,} frames of {len(names)} cameras in {took / 60:.0f} min, {sum(inspected):,} inspected, {lost} verdicts lost", "verdicts", [
            Chart("Memory, MB", {("resident", "#0072b2"): points("resident_mb"), ("of it allocated", "#d55e00"): points("anonymous_mb")}),
            Chart("Descriptors and threads", {("descriptors", "#0072b2"): points("descriptors"), ("threads", "#d55e00"): points("threads")}),
            Chart("From receipt to verdict of inspected frames, ms", {("median", "#0072b2"): points("p50_ms"), ("99th percentile", "#d55e00"): points("p99_ms")})]))
    if wrong:
        print(f"wrong: {'; '.join(wrong)}; journal and log are in {folder}", file=sys.stderr)
        return 1
    if not options.out:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
