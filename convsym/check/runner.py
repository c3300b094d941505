"""Where the requests of a run are answered: processes of our own, or an executor of the user's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from convsym.check.cache.keys import digest
from convsym.check.cache.store import Cache
from convsym.check.configuration.keys import Configuration
from convsym.check.request import Request
from convsym.check.results import FileReport
from convsym.check.workers.interpreter import interpreter
from convsym.check.workers.pool import Limits, pool


def _silent(*_: object) -> None:
    pass


@dataclass(frozen=True)
class Runner:
    """How requests are answered.

    Each in a process of its own, `jobs` at a time (by default one for each core), with the Python that `python` names,
    else the `.venv` nearest to `root`, and within `limits`. `printed` is given what the code of the files prints,
    `progress` how many requests are done and how many there are. Reports in the folder `cache` whose files, configuration
    and environment are as they were are taken from there. With an `executor`, any `concurrent.futures.Executor`,
    the work goes through that instead.
    """

    jobs: int | None = None
    python: str | None = None
    root: str | os.PathLike[str] = "."
    limits: Limits = field(default_factory=Limits)
    cache: Path | None = None
    executor: Executor | None = None
    printed: Callable[[str], None] = _silent
    progress: Callable[[int, int], None] = _silent

    @staticmethod
    def of(
        configuration: Configuration,
        jobs: int | None = None,
        python: str | None = None,
        limits: Limits | None = None,
        cache: Path | None = None,
        executor: Executor | None = None,
        printed: Callable[[str], None] = _silent,
        progress: Callable[[int, int], None] = _silent,
    ) -> Runner:
        """As a configuration says, where nothing else is said."""
        return Runner(
            jobs or configuration.jobs,
            python or configuration.python,
            configuration.root,
            limits or Limits(configuration.timeout, int(configuration.memory * (1 << 30))),
            cache,
            executor,
            printed,
            progress,
        )

    def answers(self, requests: Sequence[Request]) -> list[FileReport]:
        """The reports, in the order of the requests. Raises NoInterpreter when the Python cannot load models."""
        python = interpreter(self.python, self.root)
        # A fix, or somebody else, may have changed a file since the last time.
        digest.cache_clear()
        store = Cache(self.cache, python) if self.cache is not None else None
        known = {
            n: found for n, r in enumerate(requests) if store is not None and (found := _kept(store, r)) is not None
        }
        left = [n for n in range(len(requests)) if n not in known]
        self.progress(len(known), len(requests))
        for position, report in self._answered([requests[n] for n in left], python) if left else ():
            known[left[position]] = report
            if store is not None and requests[left[position]].text is None:
                store.keep(requests[left[position]], report)
            self.progress(len(known), len(requests))
        return [known[n] for n in range(len(requests))]

    def _answered(self, requests: Sequence[Request], python: str) -> Iterable[tuple[int, FileReport]]:
        if self.executor is not None or not hasattr(os, "fork"):
            from convsym.check.examine import examine

            return enumerate(map(examine, requests) if self.executor is None else self.executor.map(examine, requests))
        workers = min(self.jobs or os.cpu_count() or 1, len(requests))
        return pool(python).answered(requests, workers, self.limits, self.printed)


def _kept(store: Cache, request: Request) -> FileReport | None:
    # What a file is only taken to hold is not what the cache knows it by.
    return store.find(request) if request.text is None else None
