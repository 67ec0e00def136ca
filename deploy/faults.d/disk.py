"""The disk: what must be on it before anything is published, and what happens when it is full, failing, slow, or the journal is locked."""
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterable

from daemon import Injection
from rig import Row, Test
from waiting import Failure, Skipped, wait_for


def commit_before_publish(test: Test) -> Row:
    """By strace: each event is sent after the fdatasync that follows its writing, also when that takes long."""
    with test.rig("commit-before-publish") as rig:
        trace = os.path.join(rig.folder, "trace.log")
        rig.start(tracer=[
            "-o", trace, "-s", "65536", "-e", "trace=pwrite64,fdatasync,sendto", "-e", "inject=fdatasync:delay_exit=5000"])
        rig.begin_load(rate=20)
        wanted = 100 if test.short else 2000
        wait_for("events", lambda: rig.daemon.is_dead() or rig.has_seen() or rig.last_seen >= wanted, 600)
        rig.expect_alive()
        rig.end_load()
        rig.daemon.stop()
        with open(trace, errors="replace") as file:
            events, syncs = published_too_early(file)
        if events < wanted * 9 // 10:
            raise Failure(f"only {events} events were found in the trace, of {wanted}")
        rig.faults = syncs
        return rig.finish("commit-before-publish", f"{events} sent events followed their fdatasync, of {syncs} slow ones")


def published_too_early(trace: Iterable[str]) -> tuple[int, int]:
    """Reads a trace in order: events that were sent after their commit, and fdatasyncs. Fails on the first that was sent before.

    An event is written when a pwrite64 holds its JSON, durable when an fdatasync of the same file that began later has ended, and sent when
    a sendto holds its JSON: the beginning of one that was interrupted in the trace counts, since it may have gone out by then.
    """
    event = re.compile(r'\\"type\\":\\"(?:verdict|missing)\\",\\"seq\\":(\d+),')
    written: dict[int, str] = {}
    syncing: dict[str, tuple[str, set[int]]] = {}
    durable: set[int] = set()
    sent: set[int] = set()
    tails: dict[str, str] = {}
    syncs = 0
    for text in trace:
        thread = text.split(None, 1)[0]
        if call := re.match(r"\d+ +(pwrite64|fdatasync|sendto)\((\d+)", text):
            name, descriptor = call.groups()
            if name == "pwrite64":
                for number in event.findall(text):
                    written.setdefault(int(number), descriptor)
            elif name == "fdatasync":
                syncing[thread] = (descriptor, {n for n, d in written.items() if d == descriptor})
            else:
                # An event may lie across two sends: the second one completes it.
                data = tails.get(descriptor, "") + text.split('"', 1)[-1].rpartition('"')[0]
                tails[descriptor] = data[-100:]
                for number in map(int, event.findall(data)):
                    if number not in durable:
                        raise Failure(f"event {number} was sent before it was durable: {text[:300]}")
                    sent.add(number)
        if thread in syncing and re.search(r"(fdatasync\(\d+\)|fdatasync resumed>\)) += 0", text):
            syncs += 1
            durable |= syncing.pop(thread)[1]
    return len(sent), syncs


def no_space(test: Test) -> Row:
    """pwrite64 fails with ENOSPC: verdicts wait and go on; where it lasts, the daemon says so, ends with 1, and the next one goes on."""
    with test.rig("no-space") as rig:
        rig.start()
        rig.begin_load(rate=50)
        for _ in range(1 if test.short else 8):
            rig.wait_flowing()
            with Injection(rig.daemon, "pwrite64:error=ENOSPC") as injection:
                before = rig.conditions().count("journal_failing")
                wait_for("the daemon says that verdicts wait", lambda: rig.daemon.is_dead() or rig.conditions().count("journal_failing") > before)
            rig.faults += injection.count
            # A slow machine may have taken more than the daemon's patience.
            if rig.daemon.is_dead():
                rig.daemon.wait()
                rig.start()
            else:
                rig.wait_flowing()
                wait_for("the daemon says that it goes on", lambda: "journal_recovered" in rig.conditions())
        rig.wait_flowing()
        with Injection(rig.daemon, "pwrite64:error=ENOSPC") as injection:
            code = rig.daemon.wait()
        rig.faults += injection.count
        if code != 1:
            raise Failure(f"the daemon ended with {code}, not 1")
        wait_for("journal_failed", lambda: "journal_failed" in rig.conditions())
        rig.start()
        rig.wait_flowing()
        return rig.finish("no-space", "exit 1 after 5 s of it")


class SmallDisk:
    """A file system in memory, of a few MiB, that can be filled."""

    def __init__(self, path: str, mib: int) -> None:
        self.path, self.mib = path, mib

    def __enter__(self) -> "SmallDisk":
        os.makedirs(self.path)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.mib}m", "tmpfs", self.path], capture_output=True, text=True)
        if done.returncode != 0:
            raise Skipped(f"no small disk can be mounted here: {done.stderr.strip()}")
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", self.path], check=False)

    def fill(self) -> None:
        with open(os.path.join(self.path, "filler"), "ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError:
                    pass

    def free(self) -> None:
        os.remove(os.path.join(self.path, "filler"))


def full_disk(test: Test) -> Row:
    """A disk that is really full: the ballast carries on for a while, and room brings everything back."""
    with SmallDisk(os.path.join(test.folder, "disk"), 24) as disk, test.rig("full-disk", journal="../disk/journal.sqlite", ballast_mb=2) as rig:
        ballast = rig.journal + ".ballast"
        rig.start()
        rig.begin_load(rate=50)
        rig.wait_flowing()
        if os.stat(ballast).st_size != 2 << 20:
            raise Failure("there is no ballast")
        for lasts in (False, True) if test.short else (False, True, False, True, False):
            disk.fill()
            wait_for("the ballast is given up", lambda: rig.daemon.is_dead() or os.stat(ballast).st_size == 0)
            before = rig.conditions().count("journal_failing")
            wait_for("the daemon says that verdicts wait", lambda: rig.daemon.is_dead() or rig.conditions().count("journal_failing") > before)
            rig.faults += 1
            if not lasts:
                disk.free()
            if lasts or rig.daemon.is_dead():
                if (code := rig.daemon.wait()) != 1:
                    raise Failure(f"the daemon ended with {code}, not 1, on a full disk")
                if lasts:
                    disk.free()
                rig.start()
            rig.wait_flowing()
            wait_for("the ballast is taken back", lambda: os.stat(ballast).st_size == 2 << 20)
        # Full before it starts: it runs, or it ends with 1 and the next one runs when there is room.
        started = 0
        for death in (signal.SIGTERM, signal.SIGKILL):
            rig.daemon.signal(death)
            rig.daemon.wait()
            disk.fill()
            rig.faults += 1
            rig.start(until_ready=False)
            wait_for("the daemon starts or ends", lambda: rig.daemon.is_dead() or rig.daemon.is_ready())
            started += rig.daemon.is_ready()
            if not rig.daemon.is_ready() and (code := rig.daemon.wait()) != 1:
                raise Failure(f"the daemon ended with {code}, not 1, when it started on a full disk")
            disk.free()
            if rig.daemon.is_dead():
                if rig.daemon.process:
                    rig.daemon.wait()
                rig.start()
            rig.wait_flowing()
        return rig.finish("full-disk", f"{started} of 2 starts on a full disk succeeded")


def failing_disk(test: Test) -> Row:
    """A system call of the journal fails once or from then on: the daemon ends, not with 0, and the next one goes on."""
    calls = ["fdatasync:error=EIO", "pwrite64:error=EIO", "fdatasync:error=ENOSPC"]
    if not test.short:
        calls += ["fdatasync:error=EIO:when=1", "pwrite64:error=EIO:when=1", "pwrite64:error=EIO:when=3", "fdatasync:error=EIO:when=2",
                  "pwrite64:error=EDQUOT", "pwrite64:error=EROFS:when=2"] * 3
    with test.rig("failing-disk") as rig:
        for what in calls:
            rig.start()
            rig.begin_load(rate=50)
            rig.wait_flowing()
            with Injection(rig.daemon, what) as injection:
                wait_for(f"{what} ends the daemon", rig.daemon.is_dead)
            code = rig.daemon.wait()
            rig.faults += injection.count
            if code != 1:
                raise Failure(f"{what}: the daemon ended with {code}, not 1: {rig.daemon.runs[-1].log[-2000:]}")
        rig.start()
        rig.wait_flowing()
        return rig.finish("failing-disk", f"{len(calls)} deaths")


def slow_disk(test: Test) -> Row:
    """fdatasync takes a fifth of a second, then three seconds: everything waits and nothing is lost."""
    with test.rig("slow-disk") as rig:
        rig.start()
        rig.begin_load(rate=50)
        for delay, times in ((200_000, 5), (3_000_000, 2)) if test.short else ((200_000, 50), (3_000_000, 5)):
            rig.wait_flowing()
            with Injection(rig.daemon, f"fdatasync:delay_exit={delay}") as injection:
                wait_for("slow fdatasyncs", lambda: rig.daemon.is_dead() or injection.so_far() >= times)
            rig.faults += injection.count
            rig.wait_flowing()
        return rig.finish("slow-disk")


def locked_journal(test: Test) -> Row:
    """Another program holds the journal's lock for two seconds, for about as long as the daemon's patience, and for ten."""
    with test.rig("locked-journal") as rig:
        rig.start()
        # Many frames, so that more than one batch waits when the patience ends: after a batch that was given up none may follow.
        rig.begin_load(rate=100)
        ended = 0
        for seconds in (2, 5.5, 10) if test.short else (2, 5.1, 5.3, 5.5, 5.7, 5.9, 6.1, 6.3, 6.5, 10, 10):
            rig.wait_flowing()
            other = sqlite3.connect(rig.journal, isolation_level=None, timeout=60)
            other.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            other.execute("ROLLBACK")
            other.close()
            rig.faults += 1
            if seconds >= 10:
                wait_for("the daemon ends because its journal is locked", rig.daemon.is_dead)
            elif seconds >= 5:
                # Which of the two ends first is chance; an end takes a moment.
                time.sleep(3)
            if rig.daemon.is_dead():
                if (code := rig.daemon.wait()) != 1:
                    raise Failure(f"the daemon ended with {code}, not 1, when the journal was locked for {seconds} s")
                ended += 1
                rig.start()
        rig.wait_flowing()
        return rig.finish("locked-journal", f"{ended} ends with exit code 1")


SCENARIOS = {
    "commit-before-publish": commit_before_publish, "no-space": no_space, "full-disk": full_disk, "failing-disk": failing_disk,
    "slow-disk": slow_disk, "locked-journal": locked_journal,
}
