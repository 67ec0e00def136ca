"""One line of machines to break: cameras, a daemon, a subscriber, and what is checked when all is over."""
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import zmq

import invariants
from daemon import Daemon
from producer import Ledger, Load, Producer, Sent
from waiting import Failure, wait_for

REGIONS = """\
version: 1
cameras:
  real/*:
    reference_size: [64, 64]
    regions: [{name: whole, shape: {box: [8, 8, 56, 56]}, limits: {fail_score: %s, review_score: 0.4}}]
"""

CONFIGURATION = """\
version: 1
regions: regions.yaml
subscribe: {connect: "%(frames)s", bind: "%(more)s"}
publish: {bind: "%(verdicts)s", catch_up: "%(catch_up)s"}
journal: {path: "%(journal)s", ballast_mb: %(ballast)s, keep_days: 0}
pipeline: {shutdown_ms: 20000}
recording: {folder: recordings, reserve_mb: 0, file_mb: 16, keep_mb: 64}
limits: {max_cameras: 256}
"""


@dataclass
class Row:
    """A line of the report."""
    name: str
    sent: int = 0
    rows: int = 0
    missing: int = 0
    faults: int = 0
    seen: int = 0
    losses: int = 0
    note: str = ""


_giving = threading.Lock()
_given: set[int] = set()


def free_endpoints(count: int) -> list[str]:
    """Below the ports that systems give to outgoing connections: one of those, trying to reach a dead daemon, might take its place.

    Until `give_back`, nobody else in this process gets them: a daemon that is dead for a while has its ports still. They are not
    tried by binding: what another thread starts at that moment would inherit the socket for an instant.
    """
    with _giving:
        with open("/proc/net/tcp") as file:
            taken = {int(line.split()[1].rpartition(":")[2], 16) for line in file.readlines()[1:]}
        ports = random.SystemRandom().sample(sorted(set(range(10_000, 32_000)) - taken - _given), count)
        _given.update(ports)
    return [f"tcp://127.0.0.1:{port}" for port in ports]


def give_back(endpoints: list[str]) -> None:
    with _giving:
        _given.difference_update(int(endpoint.rpartition(":")[2]) for endpoint in endpoints)


class Rig:
    """Used as `with`: whatever happens, no process stays."""

    def __init__(self, program: str, folder: str, *, journal: str = "journal.sqlite", ballast_mb: int = 1, subscriber: list[str] | None = None) -> None:
        os.makedirs(folder)
        self.folder = folder
        self.journal = os.path.join(folder, journal)
        self.frames, self.more, self.verdicts, self.catch_up = free_endpoints(4)
        self.write("flawd.yaml", CONFIGURATION % {
            "frames": self.frames, "more": self.more, "verdicts": self.verdicts, "catch_up": self.catch_up, "journal": self.journal, "ballast": ballast_mb})
        self.write("regions.yaml", REGIONS % 0.8)
        self.daemon = Daemon(program, folder)
        self.context = zmq.Context()
        self.ledger = Ledger()
        self.subscriber_arguments = subscriber or []
        self.subscriber: subprocess.Popen[bytes] | None = None
        self.load: Load | None = None
        self.faults = 0
        self.place, self.last_seen = 0, 0
        self.parts_seen: set[str | None] = set()

    def __enter__(self) -> "Rig":
        self.producer = Producer(self.context, self.ledger, bind=self.frames)
        self.subscribe()
        return self

    def __exit__(self, *_: object) -> None:
        if self.load:
            self.load.stop()
        for process in (self.subscriber, self.daemon.process):
            if process and process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        self.context.destroy(linger=0)
        give_back([self.frames, self.more, self.verdicts, self.catch_up])
        self.ledger.save(os.path.join(self.folder, "ledger.jsonl"))

    def write(self, name: str, text: str) -> None:
        """At once: nobody reads half of it."""
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w") as file:
            file.write(text)
        os.replace(path + ".new", path)

    # The subscriber

    def subscribe(self) -> None:
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "subscriber.py")
        with open(os.path.join(self.folder, "subscriber.log"), "ab") as log:
            self.subscriber = subprocess.Popen(
                [sys.executable, "-B", script, self.verdicts, self.catch_up, self.folder, *self.subscriber_arguments], stdout=log, stderr=log)

    def kill_subscriber(self) -> None:
        if self.subscriber:
            self.subscriber.kill()
            self.subscriber.wait()
            self.subscriber = None

    def read(self, name: str) -> bytes:
        try:
            with open(os.path.join(self.folder, name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""

    def follow(self) -> None:
        """Takes notice of what the subscriber has got since."""
        with open(os.path.join(self.folder, "seen.jsonl"), "rb") as file:
            file.seek(self.place)
            text = file.read()
        whole = text[:text.rfind(b"\n") + 1]
        self.place += len(whole)
        for line in whole.splitlines():
            event = json.loads(line)
            self.last_seen = event["seq"]
            self.parts_seen.add(event.get("part_id"))

    def has_seen(self, *frames: Sent) -> bool:
        if os.path.exists(os.path.join(self.folder, "seen.jsonl")):
            self.follow()
        return any(frame.part_id in self.parts_seen for frame in frames)

    def conditions(self) -> list[str]:
        """Of the status events so far."""
        return [json.loads(line)["condition"] for line in self.read("status.jsonl").splitlines()]

    # The daemon and the cameras

    def start(self, **how: object) -> None:
        """Starts the daemon, once the cameras know that the one before is gone."""
        if self.load is None:
            wait_for("the cameras see that nobody listens", lambda: not self.producer.is_connected())
        self.daemon.start(**how)

    def begin_load(self, **how: float) -> None:
        if self.load is None:
            self.producer.wait_connected()
            self.load = Load(self.producer, **how)
            self.load.start()

    def end_load(self) -> None:
        if self.load:
            self.load.stop()
            self.load = None

    def wait_flowing(self) -> None:
        """Until frames that are sent from now on are seen as events."""
        before = len(self.ledger.sent)

        def is_seen() -> bool:
            self.expect_alive()
            return self.has_seen(*self.ledger.sent[before:])

        wait_for("frames become events", is_seen)

    def wait_for_one(self, camera: str, sequence: int, *, step: int = 1) -> None:
        """Sends frames until one of them is seen as an event: what is sent while a socket connects is lost, as it may be."""
        wait_for("the daemon subscribes to the camera", lambda: self.daemon.is_dead() or self.producer.is_connected())
        before = len(self.ledger.sent)

        def is_seen() -> bool:
            self.expect_alive()
            number = len(self.ledger.sent) - before
            if number < 10 or time.monotonic() > begun + number / 10:
                self.producer.send(camera, sequence + number * step)
            return self.has_seen(*self.ledger.sent[before:])

        begun = time.monotonic()
        wait_for("a frame becomes an event", is_seen)

    def expect_alive(self) -> None:
        if self.daemon.is_dead():
            raise Failure(f"the daemon ended by itself: {self.daemon.log()[-2000:]}")

    # The end

    def finish(self, name: str, note: str = "") -> Row:
        """Stops everything in good order and checks all that must hold.

        A daemon that runs must end well; another one lets the subscriber catch up.
        """
        self.end_load()
        if self.daemon.process:
            self.daemon.stop()
        if self.subscriber is None:
            self.subscribe()
        self.start()
        highest = self.highest()
        wait_for("the subscriber catches up", lambda: self.has_seen() or self.last_seen >= highest)
        self.kill_subscriber()
        self.daemon.stop()
        found = invariants.check(self.journal, self.ledger, self.read("seen.jsonl"), self.read("live.jsonl"), self.daemon.runs)
        verdict = self.verify("--seen", os.path.join(self.folder, "seen.jsonl"), "--complete")
        if verdict.returncode != 0:
            found.note(f"flawd journal verify: {verdict.stdout}{verdict.stderr}")
        if found.problems:
            raise Failure("\n".join([f"losses {found.losses}", *found.problems[:20]]))
        return Row(name, len(self.ledger.sent), found.verdicts, found.missing, self.faults, found.seen, found.losses, note)

    def verify(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self.daemon.program, "journal", "verify", self.journal, *arguments], capture_output=True, text=True)

    def highest(self) -> int:
        """The highest number that the daemon's journal has, by flawd, while the daemon has the journal."""
        answer = subprocess.run([self.daemon.program, "journal", "stats", "--json", self.journal], capture_output=True, text=True)
        if answer.returncode != 0:
            raise Failure(f"journal stats: {answer.stderr}")
        return json.loads(answer.stdout)["highestSeq"]


@dataclass
class Test:
    """What a scenario gets."""
    program: str
    folder: str
    short: bool
    random: random.Random
    every: bool = False
    jobs: int = 1

    def rig(self, name: str, **how: object) -> Rig:
        return Rig(self.program, os.path.join(self.folder, name), **how)
