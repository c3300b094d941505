"""The requests of a run, answered one after the other or spread over processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor

from convsym.check.request import Request
from convsym.check.results import FileReport


def answered(requests: Iterable[Request], executor: Executor | None = None) -> Iterator[FileReport]:
    """The reports, in the order of the requests."""
    from convsym.check.examine import examine

    yield from executor.map(examine, requests) if executor is not None else map(examine, requests)
