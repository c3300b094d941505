"""The fixes of a file together: applied as far as they get along, as text; nothing is written."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from convsym.check.results import FileReport
from convsym.diagnostics import Diagnostic, Fix, lines_of
from convsym.fixes.source import Source
from convsym.graph.place import relative_path

#: What is found in the file when it holds this text.
Look = Callable[[str], FileReport]


@dataclass(frozen=True)
class Repair:
    """A file before and after its fixes."""

    before: Source
    after: Source
    fixes: tuple[Fix, ...]

    @property
    def diff(self) -> str:
        """The edit as a unified diff that `patch -p1` and `git apply` take."""
        name = relative_path(self.before.file).lstrip("/")
        lines = difflib.unified_diff(lines_of(self.before.text), lines_of(self.after.text), f"a/{name}", f"b/{name}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def repaired(source: Source, report: FileReport, look: Look) -> Repair:
    """A file with the fixes of its report.

    Each of them was tried alone. Several are tried together once more, and where they disturb each other one after the
    other: with those that are kept, what they are for is gone and nothing else has come.
    """
    fixes = list(dict.fromkeys(d.fix for d in report.diagnostics if d.fix is not None and d.fix.file == source.file))
    together = _apart(fixes)
    if len(together) == len(fixes) and (len(fixes) < 2 or _helps(source, report, fixes, look)):
        return _with(source, fixes)
    kept: list[Fix] = []
    for fix in fixes:
        if len(_apart([*kept, fix])) == len(kept) + 1 and (not kept or _helps(source, report, [*kept, fix], look)):
            kept.append(fix)
    return _with(source, kept)


def _apart(fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes without those that touch the text of an earlier one."""
    kept: list[Fix] = []
    for fix in fixes:
        if not any(k.line == fix.line and k.column <= fix.end_column and fix.column <= k.end_column for k in kept):
            kept.append(fix)
    return kept


def _with(source: Source, fixes: Sequence[Fix]) -> Repair:
    text = source.text
    # From the end of the file on, so that what is still to be edited stays where it is.
    for fix in sorted(fixes, key=lambda f: (f.line, f.column), reverse=True):
        text = fix.applied(text)
    return Repair(source, replace(source, text=text), tuple(fixes))


def _helps(source: Source, report: FileReport, fixes: Sequence[Fix], look: Look) -> bool:
    before = {d.identity for d in report.diagnostics}
    mended = {d.identity for d in report.diagnostics if d.fix in fixes}
    after = {d.identity for d in look(_with(source, fixes).after.text).diagnostics}
    return after <= before - mended


def added(before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What was found after an edit and not before it."""
    known = {d.identity for d in before}
    return [d for d in after if d.identity not in known]
