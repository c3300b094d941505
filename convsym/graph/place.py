"""Where the user wrote something."""

from __future__ import annotations

import linecache
import os
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


def relative_path(file: str, folder: str | os.PathLike[str] = "") -> str:
    """A file as seen from a folder, the working one by default, with slashes, as programs on other machines read it.

    What lies outside the folder keeps its whole path.

    >>> relative_path(os.path.join(os.getcwd(), "models", "unet.py"))
    'models/unet.py'
    """
    whole = os.path.abspath(file)
    try:
        relative = os.path.relpath(whole, folder or os.curdir)
    except ValueError:
        # On Windows there is no way from one drive to another.
        relative = os.pardir
    return (whole if relative.startswith(os.pardir) else relative).replace(os.sep, "/")
