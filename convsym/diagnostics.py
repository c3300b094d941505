"""What convsym has to say about a model or a file: one claim, where, for which sizes, and the way out.

Imports neither torch nor sympy, so that diagnostics can be read, kept and printed without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

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
class Diagnostic:
    """One finding.

    `code` and `name` are the rule's ("CS101", "conv-input-channels"). `message` is the claim in one sentence, with
    both values. `place` is the line to look at first and is None where no line is known; `related` are the other lines,
    plain places or with a label. `witness` gives the smallest sizes that fail, is empty where every size fails, and is
    None where sizes play no part. `help` says what to change, `path` is the qualified name of the module.

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

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place is not None else ""
        return f"{where}{self.code} {self.message}"


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file, line and code, those without a place first."""

    def position(found: Diagnostic) -> tuple[str, int, int, str]:
        place = found.place
        return (place.file, place.line, place.column, found.code) if place is not None else ("", 0, 0, found.code)

    return sorted(diagnostics, key=position)
