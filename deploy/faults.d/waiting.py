"""Waiting for what must happen. Nothing here depends on a machine's speed: waits are long and end as soon as they can."""
import time
from collections.abc import Callable

PATIENCE = 120.0


class Failure(Exception):
    """A scenario did not go as promised."""


class Skipped(Exception):
    """A scenario cannot be run on this machine, and why."""


def wait_for(what: str, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Waits until a condition holds; a failure says what did not happen."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.01)
