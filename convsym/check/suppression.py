"""`# convsym: ignore[CS101]`: what the source says is known and meant."""

from __future__ import annotations

import io
import os
import re
import tokenize
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from convsym.check.results import FileReport
from convsym.diagnostics import Diagnostic
from convsym.fixes.source import read
from convsym.graph.place import Place
from convsym.rules.unused_ignore import UnusedIgnore

_IGNORE = re.compile(r"#\s*convsym:\s*ignore\b\s*(?:\[(?P<codes>[^\]]*)\])?")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment: its place, the lines of its statement, and the codes, beginnings of codes or names that it ignores.

    Without codes it ignores all.
    """

    place: Place
    lines: range
    codes: tuple[str, ...]

    def covers(self, found: Diagnostic) -> bool:
        """Whether it stands at a line of a diagnostic, that of the call or that of the definition, and means its code."""
        places = [place for place in (found.place, *found.related) if place is not None]
        here = any(p.line in self.lines and _same_file(p.file, self.place.file) for p in places)
        return here and (not self.codes or any(found.code.startswith(c) or found.name == c for c in self.codes))


def ignores(file: str) -> list[Ignore]:
    """The comments of a file; none where it cannot be read."""
    try:
        text = read(file).text
        return list(_ignores(file, text)) if "convsym:" in text else []
    except (OSError, SyntaxError, ValueError, tokenize.TokenError):
        return []


def _ignores(file: str, text: str) -> Iterable[Ignore]:
    first, waiting = 0, []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            match = _IGNORE.match(token.string)
            if match is not None:
                codes = tuple(filter(None, (c.strip() for c in (match["codes"] or "").split(","))))
                waiting.append((Place(file, token.start[0], token.start[1] + 1), codes))
        # A comment means its statement, however many lines that has.
        if token.type in (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER):
            if token.type == tokenize.NEWLINE or not first:
                start = first or token.start[0]
                yield from (Ignore(place, range(start, token.end[0] + 1), codes) for place, codes in waiting)
                first, waiting = 0, []
        elif token.type not in (tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT):
            first = first or token.start[0]


def without_ignored(reports: Sequence[FileReport]) -> list[FileReport]:
    """The reports without what the source ignores, and with the comments that ignore nothing.

    A comment may stand in a file whose mistake shows in another one, so all files of a run are looked at together; of
    a file with models that were not checked nobody knows what is unused.
    """
    places = [p.file for r in reports for d in r.diagnostics for p in (d.place, *d.related) if p is not None]
    known = [one for file in dict.fromkeys([*(r.path for r in reports), *places]) for one in ignores(file)]
    if not known:
        return list(reports)
    used = {i for i in known for r in reports for d in r.diagnostics if i.covers(d)}
    return [_settled(report, known, used) for report in reports]


def _settled(report: FileReport, known: Sequence[Ignore], used: set[Ignore]) -> FileReport:
    kept = [d for d in report.diagnostics if not any(i.covers(d) for i in known)]
    whole = all(model.was_checked for model in report.models) and not any(d.code.startswith("CS0") for d in kept)
    unused = [i for i in known if whole and i not in used and _same_file(i.place.file, report.path)]
    return replace(report, diagnostics=(*kept, *(UnusedIgnore().diagnostic(_said(i), i.place) for i in unused)))


def _said(unused: Ignore) -> str:
    what = ", ".join(unused.codes) if unused.codes else "anything"
    return f"there is nothing to ignore here: {what} is not found on this line"


def _same_file(one: str, other: str) -> bool:
    return one == other or os.path.abspath(one) == os.path.abspath(other)
