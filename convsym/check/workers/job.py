"""One request, answered in a fork: what its code prints and does stays in it."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import NoReturn

from convsym.check.request import Request
from convsym.check.results import Step


@dataclass(frozen=True, slots=True)
class Imported:
    """The modules of installed packages that answering a request took, as names and files."""

    modules: tuple[tuple[str, str], ...]


def work(request: Request, answer: int, output: int) -> NoReturn:
    """Send the steps of a request through `answer`, what it imported, then the report, and end the process.

    What the code of the file prints goes to `output`. Nothing that is registered to run at exit runs: it belongs to
    the process that this one was forked from, or to the file.
    """
    from convsym.check.examine import finished, steps
    from convsym.trace.installed import installed_since

    before = set(sys.modules)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # A group of its own, so that whatever the file started ends with it.
    os.setsid()
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    pipe = Connection(answer, readable=False)
    pipe.send(os.getpid())
    done: list[Step] = []
    for step in steps(request):
        done.append(step)
        pipe.send(step)
    pipe.send(Imported(installed_since(before)))
    pipe.send(finished(request, done))
    os._exit(0)
