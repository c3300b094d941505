"""A part of a report that is a table of its own: what it holds, for every format to lay out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["text", "number", "formula", "shape"]


@dataclass(frozen=True)
class Column:
    """One column: its heading, and what stands in it; numbers are aligned on the right, formulas and shapes break."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Section:
    """A heading, a table of text cells, sentences below it, and the same as plain data under a key for programs."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    data: Any = field(default=None, repr=False)
