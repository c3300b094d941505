"""`check_paths`: a whole run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path

from convsym.check.baseline import baseline_of
from convsym.check.configuration.keys import UNCONFIGURED, Configuration
from convsym.check.paths import Target, targets
from convsym.check.request import Request
from convsym.check.results import Outcome
from convsym.check.runner import Runner
from convsym.check.settle import settled
from convsym.check.workers.pool import Limits


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
    progress: Callable[[int, int], None] = lambda done, all: None,
    runner: Runner | None = None,
) -> Outcome:
    """Check the models of files and folders.

    Each path is a Python file, a folder, or one model of a file ("models.py:UNet(3)"). `configuration` is what
    `[tool.convsym]` says, where that is wanted; the other arguments go before it. `inputs` are the specs of the models'
    inputs; without them they are inferred. `assume` narrows the sizes.

    Each file is checked in a process of its own, `jobs` at a time (by default one for each core), with the Python that
    `python` names, else the nearest `.venv`, and within `limits`. `printed` is given what the code of the files prints,
    `progress` how many files are done and how many there are. Reports in the folder `cache` whose files, configuration
    and environment are as they were are taken from there. With an `executor`, any `concurrent.futures.Executor`,
    the work goes through that instead. A `runner` holds all of that together.

    Raises NothingThere when a path names no Python file, NoInterpreter when the Python cannot load models, and
    BadBaseline when the configuration names a baseline that is none; whatever is wrong with a file is a diagnostic.

    >>> check_paths(["examples/unet.py"]).diagnostics
    []
    """
    runner = runner or Runner.of(configuration, jobs, python, limits, cache, executor, printed, progress)
    baseline = baseline_of(configuration)
    asked = requests(paths, configuration, inputs, assume)
    return settled(runner.answers(asked), configuration, baseline)


def requests(
    paths: Iterable[str | os.PathLike[str]],
    configuration: Configuration = UNCONFIGURED,
    inputs: Sequence[str] = (),
    assume: str | None = None,
) -> list[Request]:
    """What is to be examined for these paths. Raises NothingThere when one names no Python file."""
    chosen = [target for path in paths for target in targets(os.fspath(path), configuration)]
    return [_request(target, configuration, tuple(inputs), assume or configuration.assume) for target in chosen]


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
        seconds=0.5 * configuration.timeout,
    )
