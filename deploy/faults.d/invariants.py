"""What must hold after whatever happened, read with Python's sqlite3 and compared with the camera's own ledger.

`flawd journal verify` says much the same; what only the program itself has read has not been tested.

(a) what a subscriber saw is in the journal, byte for byte; (b) received = pass + review + fail + uninspected, and in each camera session
received - late - duplicates + missing = last - first + 1; (c) numbers have no gap; (d) a subscriber holds exactly the journal's rows after
catch-up; (e) SQLite finds its file in order. And by the ledger: a row is of a frame that was sent, with its number and its pixels, and no
frame has two; every number that a camera sent between two that were received is a row's or is reported missing.
"""
import bisect
import json
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field

from daemon import Run
from producer import Ledger, Sent

VERDICTS = {"pass", "review", "fail", "uninspected"}


@dataclass
class Findings:
    rows: int = 0
    verdicts: int = 0
    missing: int = 0
    sessions: int = 0
    seen: int = 0
    """Frames or events that are nowhere: by the claim there is none."""
    losses: int = 0
    problems: list[str] = field(default_factory=list)

    def note(self, problem: str, losses: int = 0) -> None:
        self.losses += losses
        self.problems.append(problem)


@dataclass
class Session:
    first: int
    last: int
    begin: int
    received: int = 0
    extra: int = 0
    """Late ones and duplicates."""
    missing: int = 0
    numbers: set[int] = field(default_factory=set)
    ranges: list[tuple[int, int]] = field(default_factory=list)

    def accounts_for(self, number: int) -> bool:
        if number in self.numbers:
            return True
        at = bisect.bisect_right(self.ranges, (number, 1 << 64)) - 1
        return at >= 0 and self.ranges[at][0] <= number <= self.ranges[at][1]


def check(journal: str, ledger: Ledger, seen: bytes, live: bytes, runs: list[Run]) -> Findings:
    """Of a journal that nobody writes at the moment."""
    findings = Findings()
    database = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        for (line,) in database.execute("PRAGMA integrity_check"):
            if line != "ok":
                findings.note(f"(e) integrity_check: {line}")
        rows = database.execute(
            "SELECT seq, kind, camera, session, sequence, last_sequence, arrival, verdict, json, monotonic_ns, regions FROM event ORDER BY seq").fetchall()
        (highest,) = database.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()
        (epoch,) = database.execute("SELECT value FROM journal WHERE key = 'epoch'").fetchone()
        files = {revision for (revision,) in database.execute("SELECT revision FROM region_file")}
    finally:
        database.close()
    findings.rows = len(rows)
    _numbers(rows, highest or 0, epoch, files, findings)
    sessions = _sessions(rows, findings)
    _ledger(rows, sessions, ledger, findings)
    _subscriber(rows, seen, live, findings)
    for run in runs:
        if run.code == 0 and run.received is not None:
            kept = sum(1 for row in rows if row[1] == "verdict" and run.begin_ns <= row[9] <= run.end_ns)
            if kept != run.received:
                findings.note(f"(b) a run that ended well received {run.received} frames and has {kept} rows", abs(run.received - kept))
    return findings


def _numbers(rows: list[tuple], highest: int, epoch: str, files: set[str], findings: Findings) -> None:
    for expected, (seq, kind, camera, session, sequence, last, arrival, verdict, text, _, regions) in enumerate(rows, 1):
        if seq != expected:
            findings.note(f"(c) event {expected} is not there: {seq} stands in its place", 1)
            return
        event = json.loads(text)
        if (event["seq"], event["epoch"], event["type"], event["camera"], event["session"]) != (seq, epoch, kind, camera, session):
            findings.note(f"(c) event {seq} says something else of itself than its row")
        if kind == "verdict":
            findings.verdicts += 1
            if verdict not in VERDICTS or event["verdict"] != verdict or (verdict == "uninspected") != ("reason" in event):
                findings.note(f"(b) event {seq} has the verdict {verdict}, reason {event.get('reason')}")
            if regions is not None and regions not in files:
                findings.note(f"event {seq} was judged by a region file that is not kept")
    if rows and highest != rows[-1][0]:
        findings.note(f"(c) {highest} was numbered, {rows[-1][0]} is the last")


def _sessions(rows: list[tuple], findings: Findings) -> dict[tuple[str, int], Session]:
    sessions: dict[tuple[str, int], Session] = {}
    present: dict[str, int] = {}
    for seq, kind, camera, number, sequence, last, arrival, *_ in rows:
        key = (camera, number)
        if key not in sessions:
            if number != seq or kind != "verdict" or arrival in ("late", "duplicate", "gap"):
                findings.note(f"(b) event {seq} begins session {number} of {camera} as {kind} {arrival}")
            if arrival == "first" and camera in present:
                findings.note(f"(b) event {seq} is called the first of {camera}, which had frames before: what was sent in between is forgotten", 1)
            sessions[key] = Session(sequence, sequence, seq)
            present[camera] = number
        elif present[camera] != number:
            findings.note(f"(b) event {seq} belongs to session {number} of {camera}, which {present[camera]} has ended")
        session = sessions[key]
        if kind == "missing":
            findings.missing += last - sequence + 1
            session.missing += last - sequence + 1
            session.ranges.append((sequence, last))
            continue
        session.received += 1
        if arrival in ("late", "duplicate"):
            session.extra += 1
        else:
            if sequence in session.numbers and sequence != session.first:
                findings.note(f"(b) {camera} {sequence} has two rows in session {number}")
            session.last = sequence
        session.numbers.add(sequence)
    for (camera, number), s in sessions.items():
        s.ranges.sort()
        if s.received - s.extra + s.missing != s.last - s.first + 1:
            findings.note(
                f"(b) {camera}, session {number}: received {s.received} - late and duplicates {s.extra} + missing {s.missing} is not "
                f"{s.last} - {s.first} + 1", abs(s.last - s.first + 1 - (s.received - s.extra + s.missing)))
    findings.sessions = len(sessions)
    return sessions


def _ledger(rows: list[tuple], sessions: dict[tuple[str, int], Session], ledger: Ledger, findings: Findings) -> None:
    """The rows against what the cameras say that they sent."""
    sent = {s.part_id: s for s in ledger.sent}
    judged: dict[str, tuple[str, int]] = {}
    latest: dict[tuple[str, str], int] = {}
    for seq, kind, camera, session, sequence, _, _, _, text, *_ in rows:
        if kind != "verdict":
            continue
        event = json.loads(text)
        frame = sent.get(event.get("part_id", ""))
        if frame is None or (frame.camera, frame.sequence) != (camera, sequence) or event.get("frame_hash", frame.hash) != frame.hash:
            findings.note(f"event {seq}: {camera} {sequence} is not the frame that was sent as {event.get('part_id')}")
            continue
        if frame.part_id in judged:
            findings.note(f"event {seq}: {camera} {sequence} ({frame.part_id}) has a second row")
        judged[frame.part_id] = (camera, session)
        if latest.get((frame.producer, camera), 0) > frame.index:
            findings.note(f"event {seq}: {camera} {sequence} stands after a frame that was sent later")
        latest[frame.producer, camera] = frame.index
    counts: dict[tuple[str, int, str], list[Sent]] = defaultdict(list)
    for s in ledger.sent:
        counts[s.producer, s.count, s.camera].append(s)
    for (_, _, camera), frames in counts.items():
        received = [at for at, frame in enumerate(frames) if frame.part_id in judged]
        if not received:
            continue
        # A daemon that starts anew goes on with the count, so whichever sessions its frames are in, nothing between the first and the last is lost.
        its = [sessions[key] for key in {judged[frames[at].part_id] for at in received}]
        lost = [f.sequence for f in frames[received[0]:received[-1] + 1] if not any(session.accounts_for(f.sequence) for session in its)]
        if lost:
            findings.note(f"{camera}: sent between received ones, and neither a row nor missing: {lost[:10]}", len(lost))


def _subscriber(rows: list[tuple], seen: bytes, live: bytes, findings: Findings) -> None:
    kept = [row[8].encode() for row in rows]
    for line in live.splitlines():
        seq = json.loads(line)["seq"]
        if seq > len(kept) or kept[seq - 1] != line:
            findings.note(f"(a) a subscriber saw event {seq}, and the journal has {'another' if seq <= len(kept) else 'none'}", 1)
    lines = seen.splitlines()
    findings.seen = len(lines)
    if lines != kept:
        at = next((i for i, (a, b) in enumerate(zip(lines, kept)) if a != b), min(len(lines), len(kept)))
        findings.note(f"(d) a subscriber holds {len(lines)} events, the journal {len(kept)}; they differ from event {at + 1} on", abs(len(kept) - len(lines)) or 1)
