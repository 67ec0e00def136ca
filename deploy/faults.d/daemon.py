"""`flawd run` as a process that can be started, traced, stopped and killed."""
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass

from waiting import Failure, wait_for


@dataclass
class Run:
    """One life of the daemon, between two moments of the monotonic clock, which the journal notes, too."""
    begin_ns: int
    end_ns: int = 0
    code: int | None = None
    log: str = ""

    @property
    def received(self) -> int | None:
        """Frames that it says to have received; None: it did not come to say so."""
        found = re.search(r"done: received (\d+):", self.log)
        return int(found[1]) if found else None


class Daemon:
    def __init__(self, program: str, folder: str) -> None:
        self.program = program
        self.folder = folder
        self.runs: list[Run] = []
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log_path(self) -> str:
        return os.path.join(self.folder, f"run-{len(self.runs)}.log")

    def log(self) -> str:
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def start(self, *, tracer: list[str] | None = None, environment: dict[str, str] | None = None, until_ready: bool = True) -> None:
        """Starts the daemon. With `tracer`, strace's arguments, strace is its grandchild: signals and exit codes are the daemon's own."""
        if self.process:
            raise Failure("the daemon is started twice")
        self.runs.append(Run(time.monotonic_ns()))
        command = [self.program, "run", "--config", "flawd.yaml"]
        if tracer is not None:
            command = ["strace", "-D", "-f", *tracer, *command]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | (environment or {}))
        if until_ready:
            wait_for("the daemon is ready", lambda: self.is_ready() or self.is_dead())
            if self.is_dead():
                raise Failure(f"the daemon did not start: {self.log()[-2000:]}")

    def is_ready(self) -> bool:
        return bool(re.search(r"notice flawd.*\] ready$", self.log(), re.M))

    def is_dead(self) -> bool:
        return self.process is None or self.process.poll() is not None

    @property
    def pid(self) -> int:
        if not self.process:
            raise Failure("the daemon does not run")
        return self.process.pid

    def signal(self, number: int) -> None:
        if not self.is_dead():
            os.kill(self.pid, number)

    def wait(self) -> int:
        """Its exit code, negative for a signal."""
        if not self.process:
            raise Failure("the daemon does not run")
        process = self.process
        wait_for("the daemon ends", lambda: process.poll() is not None)
        run = self.runs[-1]
        run.end_ns, run.code, run.log = time.monotonic_ns(), process.returncode, self.log()
        self.process = None
        return process.returncode

    def kill(self) -> int:
        self.signal(signal.SIGKILL)
        return self.wait()

    def stop(self) -> None:
        """Asks it to end; it must end well."""
        self.signal(signal.SIGTERM)
        code = self.wait()
        if code != 0:
            raise Failure(f"the daemon ended with {code} after SIGTERM: {self.runs[-1].log[-2000:]}")


class Injection:
    """strace that is attached to the daemon for a while and makes system calls fail or wait.

    `what`: as after `-e inject=`, such as `fdatasync:error=EIO`. After the `with`, `count` says how often that happened.
    """

    def __init__(self, daemon: Daemon, what: str) -> None:
        self.daemon, self.what, self.count = daemon, what, 0
        self.path = os.path.join(daemon.folder, "injected.log")

    def __enter__(self) -> "Injection":
        calls = self.what.split(":")[0]
        command = ["strace", "-f", "-p", str(self.daemon.pid), "-o", self.path, "-e", f"trace={calls}", "-e", f"inject={self.what}"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        # Said once every thread is held.
        while "attached" not in (line := self.process.stderr.readline()):
            if not line:
                raise Failure(f"strace did not attach: {' '.join(command)}")
        os.set_blocking(self.process.stderr.fileno(), False)
        return self

    def so_far(self) -> int:
        with open(self.path, errors="replace") as file:
            return len(re.findall(r"INJECTED|DELAYED", file.read()))

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.process.stderr.close()
        self.count = self.so_far()
