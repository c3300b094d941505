"""`check_paths`: a whole run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor

from convsym.check.paths import targets
from convsym.check.request import Request
from convsym.check.results import FileReport, Outcome
from convsym.check.settle import settled
from convsym.check.workers.interpreter import interpreter
from convsym.check.workers.pool import UNLESS_TOLD, Limits, pool


def check_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    inputs: Sequence[str] = (),
    assume: str | None = None,
    jobs: int | None = None,
    python: str | None = None,
    limits: Limits = UNLESS_TOLD,
    executor: Executor | None = None,
    printed: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Check the models of files and folders.

    Each path is a Python file, a folder, or one model of a file ("models.py:UNet(3)"). `inputs` are the specs of the
    models' inputs; without them they are inferred. `assume` narrows the sizes.

    Each file is checked in a process of its own, `jobs` at a time (by default one for each core), with the Python that
    `python` names, else the nearest `.venv`, and within `limits`. `printed` is given what the code of the files prints.
    With an `executor`, any `concurrent.futures.Executor`, the work goes through that instead.

    Raises NothingThere when a path names no Python file, and NoInterpreter when the Python cannot load models;
    whatever is wrong with a file is a diagnostic.

    >>> check_paths(["examples/unet.py"]).diagnostics
    []
    """
    requests = [Request(t.path, t.entry, tuple(inputs), assume) for p in paths for t in targets(os.fspath(p))]
    if executor is not None or not hasattr(os, "fork"):
        reports: Iterable[FileReport] = _through(executor, requests)
    else:
        python = interpreter(python, os.getcwd())
        workers = min(jobs or os.cpu_count() or 1, max(1, len(requests)))
        reports = _in_order(pool(python).answered(requests, workers, limits, printed), len(requests))
    return Outcome(tuple(map(settled, reports)))


def _through(executor: Executor | None, requests: Sequence[Request]) -> Iterator[FileReport]:
    from convsym.check.examine import examine

    yield from executor.map(examine, requests) if executor is not None else map(examine, requests)


def _in_order(done: Iterable[tuple[int, FileReport]], length: int) -> list[FileReport]:
    by_number = dict(done)
    return [by_number[number] for number in range(length)]
