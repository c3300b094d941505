"""Fixes that have been tried: with them a diagnostic is gone, and no other has come."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from convsym.check.request import Request
from convsym.check.results import FileReport
from convsym.diagnostics import Change, Diagnostic, Fix
from convsym.fixes.literals import at_the_call, elsewhere, where_it_is_used
from convsym.fixes.source import Source, read

Look = Callable[[Request], FileReport]
Shapes = Callable[[Request, str], Mapping[str, tuple[int, ...]]]

#: Trying takes another check each time, and may not take much longer than the first one did: seconds of processor time.
MOST_SECONDS = 10.0


def with_fixes(report: FileReport, request: Request, look: Look, shapes: Shapes) -> FileReport:
    """A report whose diagnostics have the fixes that were found for them.

    An edit at the call itself needs to remove the diagnostic and add none. One elsewhere in the file also has to leave
    the parameters of every other module as they are, and to be the only one that does: a default or a table entry
    that widens half of the model is no fix, though it may run.
    """
    if not any(found.changes for found in report.diagnostics):
        return report
    source = _source(request)
    if source is None:
        return report
    trial = Trial(report, request, source, look, shapes, time.process_time() + MOST_SECONDS)
    diagnostics = [replace(d, fix=trial.fix(d)) if d.changes else d for d in report.diagnostics]
    return replace(report, diagnostics=tuple(diagnostics))


def _source(request: Request) -> Source | None:
    try:
        source = read(request.path)
        source = source if request.text is None else replace(source, text=request.text)
        return source if source.tree else None
    except (OSError, SyntaxError, ValueError):
        return None


class Trial:
    """The fixes of one file, tried one after the other."""

    def __init__(
        self, report: FileReport, request: Request, source: Source, look: Look, shapes: Shapes, deadline: float
    ) -> None:
        self.report = report
        self.request = request
        self.source = source
        self.look = look
        self.shapes = shapes
        self.deadline = deadline

    def fix(self, found: Diagnostic) -> Fix | None:
        """The edit that removes a diagnostic: of the first change that exactly one edit makes."""
        return next((fix for change in found.changes if (fix := self._of(change, found)) is not None), None)

    def _of(self, change: Change, found: Diagnostic) -> Fix | None:
        here = os.path.abspath(change.place.file) == os.path.abspath(self.source.file)
        direct = at_the_call(change, self.source) if here else []
        helping = [fix for fix in direct if self._helps(fix, found)]
        if not direct and change.callee:
            for look in (where_it_is_used, elsewhere):
                tries = look(change, self.source)
                helping = [f for f in tries if self._helps(f, found) and self._spares(f, change.path)]
                if helping:
                    break
        return helping[0] if len(helping) == 1 else None

    def _helps(self, fix: Fix, found: Diagnostic) -> bool:
        if time.process_time() > self.deadline:
            return False
        before = {d.identity for d in self.report.diagnostics}
        after = {d.identity for d in self.look(self._edited(fix)).diagnostics}
        return found.identity not in after and after <= before

    def _spares(self, fix: Fix, path: str) -> bool:
        """Whether every module but the one that is to change keeps its parameters."""
        return all(
            _only_inside(path, self.shapes(self.request, m.entry), self.shapes(self._edited(fix), m.entry))
            for m in self.report.models
            if m.was_checked
        )

    def _edited(self, fix: Fix) -> Request:
        return replace(self.request, text=fix.applied(self.source.text))


def _only_inside(path: str, before: Mapping[str, tuple[int, ...]], after: Mapping[str, tuple[int, ...]]) -> bool:
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return all(name.rpartition(".")[0] == path for name in changed)
