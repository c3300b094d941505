"""Python files as text: decoded as Python does, parsed, and written back byte by byte but for the edit."""

from __future__ import annotations

import ast
import io
import os
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from convsym.diagnostics import lines_of
from convsym.fixes.files import replace_file


@dataclass(frozen=True)
class Source:
    """A Python file: its text with the line ends it has, and how it is encoded."""

    file: str
    text: str
    encoding: str = "utf-8"

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree. Raises SyntaxError when the file is no Python."""
        return ast.parse(self.text, self.file)

    @cached_property
    def lines(self) -> list[str]:
        """The lines with their ends."""
        return lines_of(self.text)

    def column(self, line: int, offset: int) -> int:
        """The column in characters, from one, of an offset in bytes, as syntax trees have it."""
        return len(self.lines[line - 1].encode()[:offset].decode(errors="replace")) + 1

    def segment(self, node: ast.expr) -> tuple[int, str]:
        """The column of an expression that stands on one line, and its text."""
        start, end = (self.column(node.lineno, o) for o in (node.col_offset, node.end_col_offset or 0))
        return start, self.lines[node.lineno - 1][start - 1 : end - 1]

    def calls_at(self, line: int, callee: str) -> Iterator[ast.Call]:
        """The calls on a line whose function has this last name, or any name where it is empty."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and node.lineno <= line <= (node.end_lineno or node.lineno):
                if callee in ("", _last_name(node.func)):
                    yield node


def _last_name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def read(file: str | os.PathLike[str]) -> Source:
    """Read a Python file, whatever its encoding and line ends.

    Raises OSError when it cannot be read, SyntaxError or UnicodeDecodeError when its encoding is not what it says.
    """
    with open(file, "rb") as stream:
        data = stream.read()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return Source(os.fspath(file), data.decode(encoding), encoding)


def write(source: Source) -> None:
    """Replace a file by what the source says, in one step; see `replace_file`."""
    replace_file(source.file, source.text.encode(source.encoding))
