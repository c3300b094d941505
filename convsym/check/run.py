"""`check_paths`: a whole run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor

from convsym.check.paths import targets
from convsym.check.request import Request
from convsym.check.results import Outcome
from convsym.check.settle import settled
from convsym.check.workers import answered


def check_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    inputs: Sequence[str] = (),
    assume: str | None = None,
    executor: Executor | None = None,
) -> Outcome:
    """Check the models of files and folders.

    Each path is a Python file, a folder, or one model of a file ("models.py:UNet(3)"). `inputs` are the specs of the
    models' inputs; without them they are inferred. `assume` narrows the sizes. The work goes through `executor`, any
    `concurrent.futures.Executor`.

    Raises NothingThere when a path names no Python file; whatever is wrong with a file is a diagnostic.

    >>> check_paths(["examples/unet.py"]).diagnostics
    []
    """
    requests = [Request(t.path, t.entry, tuple(inputs), assume) for p in paths for t in targets(os.fspath(p))]
    return Outcome(tuple(map(settled, answered(requests, executor))))
