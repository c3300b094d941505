"""`repair_paths`: a whole run, and the fixes of what it found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from convsym.check.baseline import baseline_of
from convsym.check.configuration.keys import UNCONFIGURED, Configuration
from convsym.check.repair import Repair, added, repaired
from convsym.check.request import Request
from convsym.check.results import FileReport, Outcome
from convsym.check.run import requests
from convsym.check.runner import Runner
from convsym.check.settle import settled
from convsym.diagnostics import Diagnostic
from convsym.fixes.source import Source, read, write


@dataclass(frozen=True)
class Repairs:
    """What was mended, and what is found now.

    `outcome` is that of the files as they are: mended, or as they were where nothing was written. `refused` is what
    the edits together would have added somewhere else; they were taken back then.
    """

    outcome: Outcome
    repairs: tuple[Repair, ...] = ()
    refused: tuple[Diagnostic, ...] = ()

    @property
    def fixes(self) -> int:
        """How many edits there are."""
        return sum(len(repair.fixes) for repair in self.repairs)


def repair_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    to_disk: bool,
    configuration: Configuration = UNCONFIGURED,
    inputs: Sequence[str] = (),
    runner: Runner | None = None,
) -> Repairs:
    """Check files and folders as `check_paths` does, and mend what one literal mends.

    With `to_disk` the files are written, each in one step, and all are checked once more: if that finds anything new,
    also in a file that only imports a mended one, every file gets its old text back.

    Raises what `check_paths` raises, and OSError when a file cannot be written; what was written before has its old
    text again.
    """
    asked, baseline = requests(paths, configuration, inputs), baseline_of(configuration)
    runner = runner if runner is not None else Runner.of(configuration)
    before = settled(runner.answers(asked), configuration, baseline)

    def look(request: Request) -> FileReport:
        return settled(silent.answers([request]), configuration, baseline).files[0]

    silent = replace(runner, progress=lambda done, all: None)
    repairs = _repairs(asked, before.files, look)
    if not to_disk or not repairs:
        return Repairs(before, repairs)
    written: list[Repair] = []
    try:
        for repair in repairs:
            write(repair.after)
            written.append(repair)
        after = settled(runner.answers(asked), configuration, baseline)
    except BaseException:
        _take_back(written)
        raise
    new = added(before.diagnostics, after.diagnostics)
    if new:
        _take_back(written)
        return Repairs(before, (), tuple(new))
    return Repairs(after, repairs)


def _repairs(
    asked: Sequence[Request], reports: Sequence[FileReport], look: Callable[[Request], FileReport]
) -> tuple[Repair, ...]:
    """One repair for each file, even where several models of it were asked for one by one."""
    found: dict[str, Repair] = {}
    for request, report in zip(asked, reports, strict=True):
        if all(d.fix is None for d in report.diagnostics):
            continue

        def seen(text: str, request: Request = request) -> FileReport:
            return look(replace(request, text=text))

        earlier = found.get(os.path.abspath(request.path))
        source: Source = earlier.after if earlier is not None else read(request.path)
        repair = repaired(source, report if earlier is None else seen(source.text), seen)
        if earlier is not None:
            repair = Repair(earlier.before, repair.after, (*earlier.fixes, *repair.fixes))
        if repair.fixes:
            found[os.path.abspath(request.path)] = repair
    return tuple(found.values())


def _take_back(written: Sequence[Repair]) -> None:
    for repair in written:
        write(repair.before)
