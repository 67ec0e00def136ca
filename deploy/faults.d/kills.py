"""kill -9, at random moments and at each system call that the journal and the sockets make."""
import os
import re
import shutil
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count

from rig import Rig, Row, Test
from waiting import Failure, wait_for


def kill9_random(test: Test) -> Row:
    """Under load, during the start as well as later; on one journal, with one subscriber that stays and is itself killed now and then."""
    with test.rig("kill9-random") as rig:
        kills = 10 if test.short else 200
        for kill in range(kills):
            in_start = kill % 4 == 3
            rig.start(until_ready=not in_start)
            if in_start:
                time.sleep(test.random.uniform(0, 1))
            else:
                rig.begin_load(rate=80)
                # Some not before anything flows, so that a slow machine's kills meet frames, too.
                if kill % 4 == 1:
                    rig.wait_flowing()
                time.sleep(test.random.uniform(0, 0.6))
            if kill % 10 == 9:
                rig.kill_subscriber()
                rig.subscribe()
            if rig.daemon.kill() != -signal.SIGKILL:
                raise Failure(f"the daemon had ended by itself: {rig.daemon.runs[-1].log[-2000:]}")
            rig.faults += 1
        return rig.finish("kill9-random", f"{kills} kills")


# Which call of a kind, and every so-manieth from there: what the journal does is walked through call by call until a run gets through;
# of what sockets, threads and files do there is much more. The short form takes one of each.
KILLED = {
    "pwrite64": 1, "fdatasync": 1, "fsync": 1, "ftruncate": 1, "fallocate": 1, "unlink": 1, "flock": 1,
    "sendto": 3, "recvfrom": 7, "bind": 1, "write": 23, "openat": 29, "fcntl": 29, "mmap": 61, "futex": 151,
    "pread64": 11, "read": 31, "poll": 31, "epoll_wait": 97, "close": 47, "newfstatat": 61, "clone3": 5, "rename": 1,
}
KILLED_SHORT = {"pwrite64": 45, "fdatasync": 6, "unlink": 1, "sendto": 9}
FAILED = {"pwrite64": 7, "fdatasync": 1, "fsync": 1, "ftruncate": 1, "fallocate": 1, "pread64": 5}
FAILED_SHORT = {"pwrite64": 45, "fdatasync": 6}
# Whatever a run is, it comes to these.
ALWAYS = {"pwrite64", "fdatasync"}
# A walk goes on after a failure, until it has seen enough of them.
MOST_FAILURES = 10


def kill9_at_syscall(test: Test) -> Row:
    """A short run, killed when it enters its N-th call of a kind; the next run goes on with the same journal."""
    steps = KILLED_SHORT if test.short else KILLED
    return _walk(test, "killed", dict.fromkeys(_kinds(test), 1) if test.every else steps, ["signal=KILL"], {0, -signal.SIGKILL})


def _kinds(test: Test) -> list[str]:
    """Every kind of call that a short run makes."""
    with test.rig("kinds") as rig:
        trace = os.path.join(rig.folder, "trace.log")
        _short_run(rig, ["-o", trace])
        with open(trace, errors="replace") as file:
            return sorted(set(re.findall(r"^\d+ +(\w+)\(", file.read(), re.M)))


def _short_run(rig: Rig, tracer: list[str]) -> int:
    """A start, six frames, a stop; or as far as it comes. Its exit code."""
    rig.start(tracer=tracer, until_ready=False)
    wait_for("the daemon starts", lambda: rig.daemon.is_dead() or rig.daemon.is_ready() and rig.producer.is_connected())
    for sequence in range(3):
        rig.producer.send("line/a", sequence)
        rig.producer.send("line/damaged", sequence, damage="jpeg")
        frame = rig.ledger.sent[-1]
        wait_for("a frame becomes an event", lambda: rig.daemon.is_dead() or rig.has_seen(frame))
    rig.daemon.signal(signal.SIGTERM)
    return rig.daemon.wait()


def fail_at_syscall(test: Test) -> Row:
    """A short run whose N-th call of a kind fails once: it goes on or ends; the next run goes on with the same journal."""
    # 2: SQLite keeps quiet about a failure while it turns a new file to WAL, and flawd takes the file system for one that has none.
    return _walk(test, "failed", FAILED_SHORT if test.short else FAILED, ["error=EIO", "error=ENOSPC"], {0, 1, 2})


def _walk(test: Test, name: str, steps: dict[str, int], actions: list[str], codes: set[int]) -> Row:
    total, failures = Row(name), []
    with ThreadPoolExecutor(test.jobs) as pool:
        for syscall, step in steps.items():
            for action in actions:
                before = total.faults
                for place in _places(test, pool, syscall, step, action, codes):
                    if error := place.exception():
                        failures.append(str(error) if isinstance(error, Failure) else "".join(traceback.format_exception(error)))
                        # The walk may go on for an hour.
                        print(failures[-1], file=sys.stderr, flush=True)
                        if len(failures) == MOST_FAILURES:
                            pool.shutdown(cancel_futures=True)
                            raise Failure("\n".join([*failures, "the rest is not walked"]))
                    else:
                        _add(total, place.result())
                if total.faults == before and syscall in ALWAYS:
                    failures.append(f"{action}-{syscall}: no run came to such a call")
    if failures:
        raise Failure("\n".join(failures))
    total.note = f"{', '.join(steps)}: {total.faults} places"
    return total


def _places(test: Test, pool: ThreadPoolExecutor, syscall: str, step: int, action: str, codes: set[int]) -> Iterator[Future[Row]]:
    """One for each N, as many at a time as the test may, until runs end before their N-th call."""
    numbers = count(step if test.short else 1, step)
    # How many calls of a kind a run makes is not the same in each.
    patience = 10 if test.every else 1
    running: deque[Future[Row]] = deque()
    unreached = 0
    while running or unreached < patience:
        while unreached < patience and len(running) < (1 if test.short else test.jobs):
            running.append(pool.submit(_at, test, syscall, next(numbers), action, codes))
        place = running.popleft()
        is_reached = place.exception() is not None or place.result().faults > 0
        unreached = patience if test.short else 0 if is_reached and unreached < patience else unreached + 1
        yield place


def _at(test: Test, syscall: str, number: int, action: str, codes: set[int]) -> Row:
    """Without a fault: the run ended before its N-th call."""
    name = f"{action}-{syscall}-{number}"
    with test.rig(name) as rig:
        trace = os.path.join(rig.folder, "trace.log")
        tracer = ["-o", trace, "-e", f"trace={syscall}", "-e", f"inject={syscall}:{action}:when={number}"]
        if syscall == "pread64":
            # Others read so, too; without its libraries no program starts.
            tracer += [argument for end in ("", "-wal", "-shm") for argument in ("-P", rig.journal + end)]
        try:
            code = _short_run(rig, tracer)
            if code not in codes:
                raise Failure(f"the daemon ended with {code}: {rig.daemon.runs[-1].log[-2000:]}")
            with open(trace, errors="replace") as file:
                happened = code == -signal.SIGKILL or "INJECTED" in file.read()
            if code and not happened:
                raise Failure(f"nothing was injected, and the daemon, or strace, ended with {code}: {rig.daemon.runs[-1].log[-2000:]}")
            rig.faults += happened
            # It goes on: new frames after the death, and what the camera sent before counts as missing where it has no row.
            rig.start()
            rig.wait_for_one("line/a", 100, step=3)
            row = rig.finish("")
        except Failure as failure:
            raise Failure(f"{name}: {failure}") from failure
    if test.every:
        shutil.rmtree(rig.folder)
    return row


def _add(total: Row, row: Row) -> None:
    total.sent += row.sent
    total.rows += row.rows
    total.missing += row.missing
    total.faults += row.faults
    total.seen += row.seen
    total.losses += row.losses


SCENARIOS = {"kill9-random": kill9_random, "kill9-at-syscall": kill9_at_syscall, "fail-at-syscall": fail_at_syscall}
