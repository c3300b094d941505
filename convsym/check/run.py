"""`check_paths`: a whole run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path

from convsym.check.cache.store import Cache
from convsym.check.configuration.keys import UNCONFIGURED, Configuration
from convsym.check.paths import Target, targets
from convsym.check.request import Request
from convsym.check.results import FileReport, Outcome
from convsym.check.settle import settled
from convsym.check.workers.interpreter import interpreter
from convsym.check.workers.pool import Limits, pool


def check_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    configuration: Configuration = UNCONFIGURED,
    inputs: Sequence[str] = (),
    assume: str | None = None,
    jobs: int | None = None,
    python: str | None = None,
    limits: Limits | None = None,
    cache: Path | None = None,
    executor: Executor | None = None,
    printed: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Check the models of files and folders.

    Each path is a Python file, a folder, or one model of a file ("models.py:UNet(3)"). `configuration` is what
    `[tool.convsym]` says, where that is wanted; the other arguments go before it. `inputs` are the specs of the models'
    inputs; without them they are inferred. `assume` narrows the sizes.

    Each file is checked in a process of its own, `jobs` at a time (by default one for each core), with the Python that
    `python` names, else the nearest `.venv`, and within `limits`. `printed` is given what the code of the files prints.
    Reports in the folder `cache` whose files, configuration and environment are as they were are taken from there.
    With an `executor`, any `concurrent.futures.Executor`, the work goes through that instead.

    Raises NothingThere when a path names no Python file, and NoInterpreter when the Python cannot load models;
    whatever is wrong with a file is a diagnostic.

    >>> check_paths(["examples/unet.py"]).diagnostics
    []
    """
    chosen = [t for p in paths for t in targets(os.fspath(p), configuration)]
    requests = [_request(t, configuration, tuple(inputs), assume or configuration.assume) for t in chosen]
    python = interpreter(python or configuration.python, configuration.root)
    store = Cache(cache, python) if cache is not None else None
    known = {n: found for n, r in enumerate(requests) if store is not None and (found := store.find(r)) is not None}
    left = [n for n in range(len(requests)) if n not in known]
    if not left:
        reports: Iterable[tuple[int, FileReport]] = ()
    elif executor is not None or not hasattr(os, "fork"):
        reports = enumerate(_through(executor, [requests[n] for n in left]))
    else:
        workers = min(jobs or configuration.jobs or os.cpu_count() or 1, len(left))
        limits = limits or Limits(configuration.timeout, int(configuration.memory * (1 << 30)))
        reports = pool(python).answered([requests[n] for n in left], workers, limits, printed)
    for position, report in reports:
        known[left[position]] = report
        if store is not None:
            store.keep(requests[left[position]], report)
    return Outcome(tuple(settled(known[n], configuration) for n in range(len(requests))))


def _request(target: Target, configuration: Configuration, inputs: tuple[str, ...], assume: str | None) -> Request:
    here = os.path.abspath(target.path)
    declared = tuple(one for file, one in configuration.models if os.path.abspath(configuration.root / file) == here)
    return Request(
        target.path,
        target.entry,
        inputs,
        assume,
        declared=declared,
        wanted=configuration.wanted,
        allow_effects=configuration.allow_effects,
        # What is done by then is to be reported as well, with its fixes.
        seconds=0.6 * configuration.timeout,
    )


def _through(executor: Executor | None, requests: Sequence[Request]) -> Iterator[FileReport]:
    from convsym.check.examine import examine

    yield from executor.map(examine, requests) if executor is not None else map(examine, requests)
