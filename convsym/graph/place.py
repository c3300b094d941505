"""Where the user wrote something."""

from __future__ import annotations

import linecache
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a source file; `line` and `column` count from one, column 0 means the whole line."""

    file: str
    line: int
    column: int = 0

    @property
    def text(self) -> str:
        """The line itself, without its indentation; empty when the file cannot be read."""
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"
