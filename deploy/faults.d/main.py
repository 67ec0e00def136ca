"""Runs the scenarios and prints what was done and found. See deploy/faults."""
import argparse
import os
import random
import shutil
import sys
import tempfile
import time
import traceback

import cameras
import controls
import disk
import kills
import process
from rig import Test
from waiting import Failure, Skipped

SCENARIOS = controls.SCENARIOS | kills.SCENARIOS | disk.SCENARIOS | cameras.SCENARIOS | process.SCENARIOS


def main() -> int:
    parser = argparse.ArgumentParser(prog="deploy/faults", description="Breaks flawd on purpose and checks that nothing was lost.")
    parser.add_argument("--short", action="store_true", help="few of everything, for every change")
    parser.add_argument("--every", action="store_true", help="kill at every call, by its number in its thread, of every kind that a short run makes, instead of a sample of most kinds; only what went wrong is kept")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="short runs at the same time, where each is broken at another place (default: 1)")
    parser.add_argument("--only", action="append", metavar="NAME", choices=sorted(SCENARIOS), help="only this scenario; may be given several times")
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--seed", type=int, default=None, help="of the random moments; printed, so that a failure can be had again")
    parser.add_argument("--flawd", default=".build/release/flawd", metavar="PROGRAM", help="what is tested (default: built from this checkout)")
    parser.add_argument("--out", metavar="DIR", help="where journals and logs stay (default: a temporary folder, kept when something is wrong)")
    options = parser.parse_args()
    if options.list:
        for name, scenario in SCENARIOS.items():
            print(f"{name:22} {(scenario.__doc__ or '').splitlines()[0]}")
        return 0
    seed = options.seed if options.seed is not None else random.randrange(1 << 32)
    folder = os.path.abspath(options.out) if options.out else tempfile.mkdtemp(prefix="flawd-faults-")
    print(f"seed {seed}; {folder}", flush=True)
    head = f"{'scenario':22} {'sent':>8} {'rows':>8} {'missing':>13} {'faults':>7} {'seen':>8} {'losses':>7}  {'time':>6}  "
    print(head, flush=True)
    failed, totals = [], [0] * 6
    for name in options.only or SCENARIOS:
        begun = time.monotonic()
        try:
            row = SCENARIOS[name](Test(os.path.abspath(options.flawd), os.path.join(folder, name), options.short, random.Random(f"{seed} {name}"), options.every, options.jobs))
            figures = [row.sent, row.rows, row.missing, row.faults, row.seen, row.losses]
            totals = [a + b for a, b in zip(totals, figures)]
            print(line(name, figures, f"{time.monotonic() - begun:5.0f}s  {row.note}"), flush=True)
            if not options.out:
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
        except Skipped as reason:
            print(f"{name:22} skipped: {reason}", flush=True)
        except Failure as failure:
            failed.append(name)
            print(f"{name:22} WRONG after {time.monotonic() - begun:.0f} s: {failure}", flush=True)
        except Exception:
            failed.append(name)
            print(f"{name:22} WRONG: the suite itself failed\n{traceback.format_exc()}", flush=True)
    print(line("all", totals, ""), flush=True)
    if failed:
        print(f"wrong: {', '.join(failed)}; journals and logs are in {folder}", file=sys.stderr)
        return 1
    if not options.out:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def line(name: str, figures: list[int], rest: str) -> str:
    sent, rows, missing, faults, seen, losses = figures
    return f"{name:22} {sent:8} {rows:8} {missing:13} {faults:7} {seen:8} {losses:7}  {rest}"


if __name__ == "__main__":
    sys.exit(main())
