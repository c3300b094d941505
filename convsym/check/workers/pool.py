"""Hands requests to the server, collects the answers, and ends the workers that take too long or too much memory."""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing.connection import Connection, wait

from convsym.check.request import Request
from convsym.check.results import FileReport, Step, assembled
from convsym.check.workers import bootstrap
from convsym.check.workers.answers import Answers
from convsym.check.workers.interpreter import NO_TORCH, NoInterpreter, explained, lent_paths
from convsym.check.workers.job import Imported
from convsym.check.workers.server import ENDED, LENGTH, READY
from convsym.diagnostics import Diagnostic
from convsym.graph.place import Place
from convsym.rules.stopped_check import StoppedCheck

#: How much of what a file prints is kept.
KEPT_OUTPUT = 4096
_TICK = 0.1
#: What so many files import is imported ahead of the others: a package that one file needs would cost twice.
_OFTEN = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may take: seconds of processor time, of which twice as many may pass, and bytes of memory."""

    seconds: float = 60.0
    memory: int = 4 << 30


@dataclass(eq=False)
class _Worker:
    """A request that is being answered."""

    number: int
    request: Request
    answer: Answers
    output: Connection
    deadline: float
    process: int | None = None
    status: int | None = None
    steps: list[Step] = field(default_factory=list)
    report: FileReport | None = None
    stopped: str = ""
    printed: bytes = b""

    def end(self) -> None:
        """Kill the worker and whatever it started."""
        if self.process is not None:
            with suppress(OSError):
                os.killpg(self.process, signal.SIGKILL)

    def close(self) -> None:
        self.answer.close()
        self.output.close()


class Pool:
    """A server in some interpreter, and the workers it has forked.

    Raises NoInterpreter when the interpreter cannot load torch or convsym.
    """

    def __init__(self, python: str) -> None:
        ours, theirs = socket.socketpair()
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [python, bootstrap.__file__, str(theirs.fileno()), NO_TORCH, *lent_paths()],
            pass_fds=[theirs.fileno()],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        self.control = ours
        self._ended = b""
        self._met: Counter[tuple[str, str]] = Counter()
        said = b""
        while not said.endswith(b"\n") and (part := ours.recv(4096)):
            said += part
        if said != READY:
            complaint = said or (self.process.communicate()[1] or b"it does not start").strip().splitlines()[-1]
            self.close()
            raise NoInterpreter(explained(python, complaint.decode(errors="replace").strip()))

    def close(self) -> None:
        """End the server, and with it all workers."""
        self.control.close()
        if self.process.stderr is not None:
            self.process.stderr.close()
        self.process.wait()

    def answered(
        self, requests: Sequence[Request], jobs: int, limits: Limits, printed: Callable[[str], None]
    ) -> Iterator[tuple[int, FileReport]]:
        """The number of each request and its report, as they are done."""
        waiting = list(enumerate(requests))[::-1]
        running: list[_Worker] = []
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    running.append(self._started(*waiting.pop(), limits))
                self._listen(running)
                for worker in running:
                    _watch(worker, limits)
                for worker in [w for w in running if _is_done(w)]:
                    running.remove(worker)
                    worker.end()
                    worker.close()
                    if worker.printed:
                        printed(worker.printed.decode(errors="replace"))
                    yield worker.number, _report(worker)
        finally:
            for worker in running:
                worker.end()
                worker.close()

    def _started(self, number: int, request: Request, limits: Limits) -> _Worker:
        ends = [os.pipe(), os.pipe()]
        message = pickle.dumps(request)
        socket.send_fds(self.control, [LENGTH.pack(len(message))], [write for _, write in ends])
        self.control.sendall(message)
        for _, write in ends:
            os.close(write)
        (answer, _), (output, _) = ends
        # Whoever waits is no slower for other work on the machine; whoever sleeps never ends.
        deadline = time.monotonic() + 2 * limits.seconds
        return _Worker(number, request, Answers(answer), Connection(output, writable=False), deadline)

    def _listen(self, running: Sequence[_Worker]) -> None:
        """Take what has been said meanwhile, and wait a moment when nothing has."""
        answers = {w.answer.fileno(): w for w in running if not w.answer.closed}
        outputs = {w.output.fileno(): w for w in running if not w.output.closed}
        for end in wait([self.control.fileno(), *answers, *outputs], _TICK):
            if end in answers:
                self._take_answer(answers[end])
            elif end in outputs:
                _take_output(outputs[end])
            else:
                self._take_ended(running)

    def _take_answer(self, worker: _Worker) -> None:
        for said in worker.answer.take():
            if isinstance(said, int):
                worker.process = said
            elif isinstance(said, FileReport):
                worker.report = said
            elif isinstance(said, Imported):
                self._import_ahead(said)
            elif isinstance(said, Step):
                worker.steps.append(said)

    def _import_ahead(self, imported: Imported) -> None:
        """Have the server import what a second file has imported, and got through with."""
        self._met.update(imported.modules)
        again = tuple(module for module in imported.modules if self._met[module] == _OFTEN)
        if again:
            message = pickle.dumps(Imported(again))
            self.control.sendall(LENGTH.pack(len(message)) + message)

    def _take_ended(self, running: Sequence[_Worker]) -> None:
        part = self.control.recv(4096)
        if not part:
            raise RuntimeError("the process that loads the models has ended")
        self._ended += part
        while len(self._ended) >= ENDED.size:
            process, status = ENDED.unpack_from(self._ended)
            self._ended = self._ended[ENDED.size :]
            for worker in running:
                if worker.process == process:
                    worker.status = status


def _take_output(worker: _Worker) -> None:
    part = os.read(worker.output.fileno(), 1 << 20)
    worker.printed += part[: KEPT_OUTPUT - len(worker.printed)]
    if not part:
        worker.output.close()


def _watch(worker: _Worker, limits: Limits) -> None:
    """Stop a worker that takes too long or too much."""
    if worker.stopped or worker.report is not None:
        return
    if time.monotonic() > worker.deadline or (worker.process and _processor_time(worker.process) > limits.seconds):
        worker.stopped = f"it took longer than {limits.seconds:g} seconds"
    elif worker.process is not None and _resident(worker.process) > limits.memory:
        worker.stopped = f"it took more than {limits.memory / (1 << 30):.3g} GiB of memory"
    if worker.stopped:
        worker.end()


def _processor_time(process: int) -> float:
    """The seconds that a process has run, where the system says."""
    try:
        with open(f"/proc/{process}/stat", "rb") as stream:
            times = stream.read().rpartition(b")")[2].split()[11:13]
    except OSError:
        return 0.0
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def _resident(process: int) -> int:
    """The bytes of memory that a process holds, where the system says."""
    try:
        with open(f"/proc/{process}/statm", "rb") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _is_done(worker: _Worker) -> bool:
    silent = worker.answer.closed and (worker.status is not None or worker.process is None)
    return worker.report is not None or bool(worker.stopped) or silent


def _report(worker: _Worker) -> FileReport:
    if worker.report is not None:
        return worker.report
    return assembled(worker.request.path, (*worker.steps, Step(None, (_stopped(worker),))))


def _stopped(worker: _Worker) -> Diagnostic:
    why = worker.stopped or _ended(worker.status or 0)
    what = worker.request.entry or "the file"
    return StoppedCheck().diagnostic(f"{what} was not checked to its end: {why}", Place(worker.request.path, 1))


def _ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
        return f"the process died of {name}"
    return f"its code ended the process with status {os.waitstatus_to_exitcode(status)}"


@lru_cache(maxsize=4)
def pool(python: str = sys.executable) -> Pool:
    """The pool of an interpreter, started once in a process."""
    started = Pool(python)
    atexit.register(started.close)
    return started
