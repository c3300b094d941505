"""What convsym has to say about a model or a file: one claim, where, for which sizes, and the way out.

Imports neither torch nor sympy, so that diagnostics can be read, kept and printed without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from convsym.graph.place import Place


class Severity(Enum):
    """How bad it is. ERROR: it fails. WARNING: it fails at some sizes. ADVICE: it runs, and could be better."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class RelatedPlace(Place):
    """Another line that takes part in a diagnostic, and what happens there ("the layer is defined here")."""

    label: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What would mend a model, before anyone has looked for the place: an argument, and the value it should have.

    `callee` is the layer whose constructor takes the argument ("Conv2d"), or empty where the call at `place` takes it;
    `position` counts it among the positional arguments, and is None where it can only be given by name. `given` is
    the value that it has now, and `through` are the lines that called the one at `place`, innermost first. `path` is
    the qualified name of the layer that it changes.

    >>> str(Change(Place("net.py", 3), "Conv2d", "in_channels", 0, 64, 128))
    'in_channels=128'
    """

    place: Place
    callee: str
    argument: str
    position: int | None
    given: Any
    wanted: Any
    through: tuple[Place, ...] = ()
    path: str = ""

    def __str__(self) -> str:
        wanted = self.wanted
        if isinstance(wanted, tuple) and len(set(wanted)) == 1:
            wanted = wanted[0]
        return f"{self.argument}={wanted!r}"


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit that mends what a diagnostic says: the text `old`, from a line and column on, becomes `new`.

    Lines and columns count from one, columns in characters; `old` is empty where something is inserted, and never
    spans lines. `title` says what it does. Every fix that a check reports has been tried: with it the diagnostic is
    gone and no other has come.

    >>> Fix("in_channels=128", "net.py", 1, 8, "64", "128").applied("Conv2d(64, 8, 3)\\n")
    'Conv2d(128, 8, 3)\\n'
    """

    title: str
    file: str
    line: int
    column: int
    old: str
    new: str

    @property
    def end_column(self) -> int:
        """The column after the last character of the old text."""
        return self.column + len(self.old)

    def applied(self, text: str) -> str:
        """The text of the file with this edit in it.

        Raises ValueError when the old text is not there (any more).
        """
        lines = lines_of(text)
        line = lines[self.line - 1] if self.line <= len(lines) else ""
        start, end = self.column - 1, self.end_column - 1
        if line[start:end] != self.old:
            raise ValueError(f"{self.file}:{self.line}: {self.old!r} is not there any more")
        lines[self.line - 1] = line[:start] + self.new + line[end:]
        return "".join(lines)


def lines_of(text: str) -> list[str]:
    """The lines of a Python file with their ends, as Python counts them: only \\n, \\r\\n and \\r end one.

    >>> lines_of("a\\r\\nb\\x0cc")
    ['a\\r\\n', 'b\\x0cc']
    """
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `code` and `name` are the rule's ("CS101", "conv-input-channels"). `message` is the claim in one sentence, with
    both values. `place` is the line to look at first and is None where no line is known; `related` are the other lines,
    plain places or with a label. `witness` gives the smallest sizes that fail, is empty where every size fails, and is
    None where sizes play no part. `help` says what to change, `path` is the qualified name of the module. `changes` are
    the arguments of which another value would do, the likeliest first, and `fix` is the edit of the source that does it.

    >>> found = Diagnostic("CS101", "conv-input-channels", "64 channels enter, 128 are expected", Severity.ERROR)
    >>> str(found)
    'CS101 64 channels enter, 128 are expected'
    """

    code: str
    name: str
    message: str
    severity: Severity
    place: Place | None = None
    related: tuple[Place, ...] = ()
    witness: Mapping[str, int] | None = field(default=None, hash=False)
    help: str = ""
    path: str = ""
    changes: tuple[Change, ...] = field(default=(), hash=False)
    fix: Fix | None = None

    @property
    def is_error(self) -> bool:
        """Whether it makes a check fail."""
        return self.severity is Severity.ERROR

    @property
    def sizes(self) -> str:
        """Which sizes fail, in words; empty where sizes play no part.

        >>> Diagnostic("CS101", "x", "y", Severity.ERROR, witness={"H": 3, "W": 1}).sizes
        'smallest sizes that fail: H=3, W=1'
        """
        if self.witness is None:
            return ""
        if not self.witness:
            return "every size fails"
        return "smallest sizes that fail: " + ", ".join(f"{name}={size}" for name, size in self.witness.items())

    @property
    def identity(self) -> tuple[str, str, int, str]:
        """What tells it from others while the sizes in its message may change: code, line and module."""
        file, line = (self.place.file, self.place.line) if self.place is not None else ("", 0)
        return (self.code, file, line, self.path)

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place is not None else ""
        return f"{where}{self.code} {self.message}"


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file, line and code, those without a place first."""

    def position(found: Diagnostic) -> tuple[str, int, int, str]:
        place = found.place
        return (place.file, place.line, place.column, found.code) if place is not None else ("", 0, 0, found.code)

    return sorted(diagnostics, key=position)
