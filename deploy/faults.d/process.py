"""The process and its surroundings: signals, stops, clocks, and subscribers that do not read."""
import json
import mmap
import os
import shutil
import signal
import subprocess
import time

from rig import REGIONS, Row, Test
from waiting import Failure, Skipped, wait_for


def stalls(test: Test) -> Row:
    """A subscriber stops reading until the socket drops events, and is killed at times: after catch-up it holds every one."""
    with test.rig("subscriber-stalls", subscriber=["5", "4096"]) as rig:
        rig.start()
        rig.begin_load(rate=300, real_every=10_000)
        for stall in range(1 if test.short else 6):
            rig.wait_flowing()
            rig.subscriber.send_signal(signal.SIGSTOP)
            begun = len(rig.ledger.sent)
            # More than both sockets and the kernel between them hold.
            wait_for("many frames", lambda: rig.daemon.is_dead() or len(rig.ledger.sent) - begun > 8000, 300)
            rig.expect_alive()
            if stall % 3 == 2:
                rig.kill_subscriber()
                rig.subscribe()
            else:
                rig.subscriber.send_signal(signal.SIGCONT)
            rig.faults += 1
        rig.wait_flowing()
        row = rig.finish("subscriber-stalls")
        live = {json.loads(line)["seq"] for line in rig.read("live.jsonl").splitlines()}
        dropped = row.seen - len(live)
        if not dropped:
            raise Failure("the socket dropped nothing, so nothing was tested")
        row.note = f"{dropped} events did not come by the socket and were asked for"
        return row


def hangups(test: Test) -> Row:
    """1000 SIGHUPs with region files that change, some of them bad: verdicts name files that the journal keeps."""
    with test.rig("hangups") as rig:
        rig.start()
        rig.begin_load(rate=40, real_every=5)
        rig.wait_flowing()
        hangups = 100 if test.short else 1000
        for number in range(hangups):
            rig.write("regions.yaml", "version: 1\ncameras: {real" if number % 7 == 3 else REGIONS % f"0.{500 + number % 400}")
            rig.daemon.signal(signal.SIGHUP)
            time.sleep(test.random.uniform(0, 0.02))
            rig.faults += 1
        rig.expect_alive()
        rig.write("regions.yaml", REGIONS % 0.8)
        rig.daemon.signal(signal.SIGHUP)
        wait_for("a bad region file is refused, good ones are not", lambda: {"regions_refused", "regions_replaced"} <= set(rig.conditions()))
        rig.wait_flowing()
        return rig.finish("hangups", f"{hangups} SIGHUPs")


def clock_jumps(test: Test) -> Row:
    """The wall clock, and it alone, jumps to and fro by seconds, hours and years."""
    with test.rig("clock-jumps") as rig:
        library = os.path.join(rig.folder, "clock.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock.c")
        compiler = shutil.which("cc") or shutil.which("clang")
        if not compiler:
            raise Skipped("there is no C compiler")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
        place = os.path.join(rig.folder, "clock")
        with open(place, "wb") as file:
            file.write(bytes(8))
        rig.start(environment={"LD_PRELOAD": library, "FAULTS_CLOCK": place})
        rig.begin_load(rate=50)
        with open(place, "r+b") as file, mmap.mmap(file.fileno(), 8) as clock:
            for offset in (-3600, 86400, -400 * 86400, 400 * 86400, 0, -1, 1) * (1 if test.short else 20):
                clock[:] = offset.to_bytes(8, "little", signed=True)
                rig.wait_flowing()
                rig.faults += 1
        days = {json.loads(line)["published_utc_ns"] // 10**9 // 86400 for line in rig.read("seen.jsonl").splitlines()}
        if max(days) - min(days) < 800:
            raise Failure("the clock did not jump for the daemon, so nothing was tested")
        return rig.finish("clock-jumps")


def suspensions(test: Test) -> Row:
    """SIGSTOP and SIGCONT: what the camera sends meanwhile waits, or is reported missing."""
    with test.rig("suspensions") as rig:
        rig.start()
        rig.begin_load(rate=300, real_every=10_000, size=48)
        for number in range(3 if test.short else 20):
            rig.wait_flowing()
            rig.daemon.signal(signal.SIGSTOP)
            # A few, and more than the sockets hold.
            enough = len(rig.ledger.sent) + (100, 4000, 6000)[number % 3]
            wait_for("frames are sent", lambda: len(rig.ledger.sent) > enough, 300)
            rig.daemon.signal(signal.SIGCONT)
            rig.faults += 1
        rig.wait_flowing()
        row = rig.finish("suspensions")
        if not row.missing:
            raise Failure("the socket dropped no frame, so nothing was tested")
        return row


def terminations(test: Test) -> Row:
    """SIGTERM or SIGINT under load, once or twice, with either policy: exit code 0, and a row for every frame that was received."""
    with test.rig("terminations") as rig:
        configuration = rig.read("flawd.yaml").decode()
        stops = 4 if test.short else 60
        for stop in range(stops):
            rig.write("flawd.yaml", configuration.replace("pipeline: {", "pipeline: {policy: block, ") if stop % 4 > 1 else configuration)
            rig.start()
            rig.begin_load(rate=200, real_every=20)
            if stop % 2:
                rig.wait_flowing()
            time.sleep(test.random.uniform(0, 0.5))
            if stop % 3 == 1:
                rig.daemon.signal(signal.SIGINT)
                time.sleep(test.random.uniform(0, 0.1))
            rig.daemon.stop()
            rig.faults += 1
        received = sum(run.received or 0 for run in rig.daemon.runs)
        return rig.finish("terminations", f"{received} received frames, by the daemon's own word")


SCENARIOS = {
    "subscriber-stalls": stalls, "hangups": hangups, "clock-jumps": clock_jumps, "suspensions": suspensions, "terminations": terminations,
}
