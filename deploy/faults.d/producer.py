"""Cameras in camera-stream's form, and a ledger of everything that they sent."""
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field

import zmq

from waiting import wait_for


@dataclass(slots=True)
class Sent:
    """One frame as the camera remembers it. `count` changes when the camera begins to count anew."""
    producer: str
    index: int
    count: int
    camera: str
    sequence: int
    part_id: str
    hash: str


@dataclass
class Ledger:
    """What was sent, in order; written down before it goes to the socket."""
    sent: list[Sent] = field(default_factory=list)
    producers: int = 0

    def save(self, path: str) -> None:
        with open(path, "w") as file:
            for s in self.sent:
                file.write(json.dumps([s.part_id, s.count, s.camera, s.sequence]) + "\n")


class Producer:
    """A PUB socket (an XPUB, to see who subscribes) with any number of cameras. Used by one thread at a time."""

    def __init__(self, context: zmq.Context, ledger: Ledger, *, bind: str = "", connect: str = "") -> None:
        ledger.producers += 1
        self.name = f"p{ledger.producers}"
        self.ledger = ledger
        self.index = 0
        self.count = 0
        self.subscriptions = 0
        self.socket = context.socket(zmq.XPUB)
        self.socket.linger = 0
        self.socket.setsockopt(zmq.XPUB_VERBOSER, 1)
        if bind:
            self.socket.bind(bind)
        else:
            self.socket.connect(connect)

    def send(self, camera: str, sequence: int, *, size: int = 8, damage: str = "") -> None:
        """Sends a frame whose pixels are its own, so that its hash is.

        `damage`: "" none; "jpeg": says JPEG, is none; "crc": its checksum is another's; "length": its header announces too much.
        """
        self.index += 1
        part = f"{self.name}-{self.index}"
        payload = f"{part} {camera} {sequence} ".encode().ljust(size * size * 3, b"\x55")[:size * size * 3]
        header = {
            "camera": camera, "captured_monotonic_ns": time.monotonic_ns(), "captured_utc_ns": time.time_ns(),
            "codec": "jpeg" if damage == "jpeg" else "raw_bgr8", "height": size, "width": size, "part_id": part,
            "payload_size": len(payload) + (damage == "length"), "pixel_format": "bgr8", "schema_version": 1, "sequence": sequence,
            "stream": "color"}
        if damage == "crc":
            header["payload_crc32"] = 0
        self.ledger.sent.append(Sent(self.name, self.index, self.count, camera, sequence, part, hashlib.sha256(payload).hexdigest()))
        self.socket.send_multipart([f"{camera}/color".encode(), json.dumps(header).encode(), payload])

    def is_connected(self) -> bool:
        """Whether anybody subscribes; then what is sent from here on reaches them, as far as queues go."""
        while self.socket.poll(0):
            self.subscriptions += 1 if self.socket.recv()[:1] == b"\x01" else -1
        return self.subscriptions > 0

    def wait_connected(self) -> None:
        wait_for("the daemon subscribes to the camera", self.is_connected)

    def close(self, linger_ms: int = 0) -> None:
        self.socket.close(linger_ms)


class Load(threading.Thread):
    """Several cameras that count on and on: most are cheap to judge, one has a region, one is damaged now and then."""

    PLAIN = ("line/a", "line/b", "line/c")

    def __init__(self, producer: Producer, *, rate: float = 100, real_every: int = 100, size: int = 8) -> None:
        super().__init__(daemon=True)
        self.producer = producer
        self.interval = 1 / rate
        self.real_every = real_every
        self.size = size
        self.next = {camera: 0 for camera in (*self.PLAIN, "line/damaged", "real/r")}
        self.ending = threading.Event()

    def send(self, camera: str, **kind: object) -> None:
        self.producer.send(camera, self.next[camera], **kind)
        self.next[camera] += 1

    def run(self) -> None:
        tick, due = 0, time.monotonic()
        while not self.ending.is_set():
            tick += 1
            for camera in self.PLAIN:
                self.send(camera, size=self.size)
            if tick % 5 == 0:
                self.send("line/damaged", damage=("", "jpeg", "crc", "length")[tick // 5 % 4])
            if tick % self.real_every == 0:
                self.send("real/r", size=64)
            due = max(due + self.interval, time.monotonic() - 0.1)
            time.sleep(max(0, due - time.monotonic()))

    def stop(self) -> None:
        self.ending.set()
        self.join()
