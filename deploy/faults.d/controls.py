"""The checks themselves: each must notice what it is there for, or its silence elsewhere means nothing."""
import dataclasses
import os
import shutil
import sqlite3
from collections.abc import Callable

import invariants
from disk import published_too_early
from producer import Ledger
from rig import Rig, Row, Test
from waiting import Failure, wait_for

Database = sqlite3.Connection


def _sql(statement: str) -> Callable[[Database], None]:
    return lambda database: database.executescript(statement)


# What is done to a sound journal, and what the finding must begin with.
TAMPERINGS: dict[str, tuple[str, Callable[[Database], None]]] = {
    "a row is gone": ("(c)", _sql("DELETE FROM event WHERE seq = 5")),
    "the last row is gone": ("(c)", _sql("DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)")),
    "a row says another verdict than its event": ("(b)", _sql("UPDATE event SET verdict = 'pass' WHERE seq = 5")),
    "a missing range is shorter": ("(b)", _sql("UPDATE event SET last_sequence = last_sequence - 1 WHERE kind = 'missing'")),
    "an event has another part": ("event 6", _sql("UPDATE event SET json = replace(json, '\"part_id\":\"p', '\"part_id\":\"q') WHERE seq = 6")),
    "an event has another picture": ("event 6", _sql("UPDATE event SET json = replace(json, '\"frame_hash\":\"', '\"frame_hash\":\"0') WHERE seq = 6")),
    "an event differs by a blank": ("(a)", _sql("UPDATE event SET json = json || ' ' WHERE seq = 7")),
    "a region file is gone": ("event", _sql("DELETE FROM region_file")),
}


def controls(test: Test) -> Row:
    """Journals that are tampered with, a subscriber that lacks an event, commits without fdatasync: each is noticed."""
    with test.rig("controls") as rig:
        rig.start()
        rig.producer.wait_connected()
        for sequence in (*range(8), 12, 13):
            rig.producer.send("line/a", sequence)
            frame = rig.ledger.sent[-1]
            wait_for("a frame becomes an event", lambda: rig.has_seen(frame))
        row = rig.finish("controls")
        for name, (beginning, tamper) in TAMPERINGS.items():
            copy = os.path.join(rig.folder, "tampered.sqlite")
            shutil.copy(rig.journal, copy)
            database = sqlite3.connect(copy)
            tamper(database)
            database.commit()
            database.close()
            _expect(name, beginning, rig, journal=copy)
            row.faults += 1
        _forgetful(rig)
        row.faults += 2
        seen, live = rig.read("seen.jsonl"), rig.read("live.jsonl")
        _expect("a subscriber lacks the last event", "(d)", rig, seen=seen[:seen[:-1].rfind(b"\n") + 1])
        _expect("a subscriber has one twice", "(d)", rig, seen=seen + seen.splitlines(keepends=True)[-1])
        _expect("the socket brought what nobody has", "(a)", rig, live=live + live.splitlines(keepends=True)[-1].replace(b'"seq":11', b'"seq":99'))
        _expect("a run received one more", "(b)", rig, runs=[dataclasses.replace(run, log=run.log.replace("received 10:", "received 11:")) for run in rig.daemon.runs])
        row.faults += 4
        row.faults += _not_durable(test)
        row.note = "tamperings, all noticed"
        return row


def _forgetful(rig: Rig) -> None:
    """A daemon that starts again and does not know how far it was: the frames from 12 on begin a session, and those before are nowhere."""
    copy = os.path.join(rig.folder, "forgetful.sqlite")
    shutil.copy(rig.journal, copy)
    database = sqlite3.connect(copy)
    database.executescript("""
        DELETE FROM event WHERE kind = 'missing';
        UPDATE event SET seq = seq - 1, session = 9, arrival = CASE sequence WHEN 12 THEN 'first' ELSE 'next' END WHERE sequence >= 12;
        UPDATE event SET json = json_set(json, '$.seq', seq, '$.session', session, '$.arrival', arrival);
        UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM event) WHERE name = 'event'""")
    rows = b"".join(text.encode() + b"\n" for (text,) in database.execute("SELECT json FROM event ORDER BY seq"))
    database.close()
    sent = list(rig.ledger.sent)
    sent[8:8] = [dataclasses.replace(sent[7], sequence=number, part_id=f"nobody-{number}") for number in range(8, 12)]
    what = {"journal": copy, "ledger": Ledger(sent), "seen": rows, "live": rows}
    _expect("a restart forgets the count", "(b) event 9 is called the first", rig, **what)
    _expect("a restart loses frames", "line/a: sent between received ones", rig, **what)


def _expect(name: str, beginning: str, rig: Rig, **changed: object) -> None:
    what = {"journal": rig.journal, "ledger": rig.ledger, "seen": rig.read("seen.jsonl"), "live": rig.read("live.jsonl"), "runs": rig.daemon.runs} | changed
    problems = invariants.check(what["journal"], what["ledger"], what["seen"], what["live"], what["runs"]).problems
    if not any(problem.startswith(beginning) for problem in problems):
        raise Failure(f"{name}: that was not noticed; found: {problems}")


def _not_durable(test: Test) -> int:
    """`durability: normal` commits without fdatasync: the check of their order must say so."""
    with test.rig("not-durable") as rig:
        with open(os.path.join(rig.folder, "flawd.yaml")) as file:
            rig.write("flawd.yaml", file.read().replace("keep_days: 0", "keep_days: 0, durability: normal"))
        trace = os.path.join(rig.folder, "trace.log")
        rig.start(tracer=["-o", trace, "-s", "65536", "-e", "trace=pwrite64,fdatasync,sendto"])
        rig.wait_for_one("line/a", 0)
        rig.finish("not-durable")
        try:
            with open(trace, errors="replace") as file:
                published_too_early(file)
        except Failure:
            return 1
        raise Failure("events of `durability: normal` were sent before any fdatasync, and that was not noticed")


SCENARIOS = {"controls": controls}
