"""Formulas and shapes as cells of a rich table, broken where a reader would break them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

#: What begins a further term of a sum.
TERM = r" [-+] "
_BRACKETS = {"(": 1, "⌊": 1, "⌈": 1, "[": 1, ")": -1, "⌋": -1, "⌉": -1, "]": -1}


def pieces(text: str, separator: str) -> list[str]:
    """A text split where the separator matches outside brackets; the match begins the next piece.

    >>> pieces("2·N·(H + 1) + 3·H - 1", TERM)
    ['2·N·(H + 1)', ' + 3·H', ' - 1']
    """
    found, depth, start = [], 0, 0
    pattern = re.compile(separator)
    for i, character in enumerate(text):
        depth += _BRACKETS.get(character, 0)
        if depth == 0 and i > start and pattern.match(text, i):
            found.append(text[start:i])
            start = i
    return [*found, text[start:]]


def filled(parts: list[str], width: int) -> list[str]:
    """Parts in lines of at most that width; a part that is wider by itself breaks at a space, or else is cut.

    >>> filled(["N", " 512", " 2·⌊H/16⌋", " 2·⌊W/16⌋"], 16)
    ['N 512 2·⌊H/16⌋', '2·⌊W/16⌋']
    """
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) <= width:
            lines[-1] += part
            continue
        rest = part.lstrip(" ") if lines else part
        while len(rest) > width:
            end = rest.rfind(" ", 1, width + 1)
            end = end if end > 0 else width
            lines.append(rest[:end])
            rest = rest[end:].lstrip(" ")
        lines.append(rest)
    return lines


@dataclass(frozen=True)
class Formula:
    """A sum: each term begins a line unless it fits beside the one before, and a long term breaks between factors."""

    text: str
    style: str = ""

    def lines(self, width: int) -> list[str]:
        """The formula in lines of at most that width."""
        parts: list[str] = []
        for term in pieces(self.text, TERM):
            fits = len(term) <= width
            parts += [term] if fits else re.findall(r"[^·]+·?", term)
        return filled(parts, width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest = max((len(term) for term in pieces(self.text, TERM)), default=0)
        return Measurement(min(longest, 20, options.max_width), min(len(self.text), options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines(options.max_width):
            yield Text(line, style=self.style, no_wrap=True, overflow="crop")


@dataclass(frozen=True)
class Shape(Formula):
    """Sizes with spaces between them, broken between two sizes."""

    def lines(self, width: int) -> list[str]:
        """The sizes in lines of at most that width."""
        return filled(pieces(self.text, " "), width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest = max(map(len, pieces(self.text, " ")))
        return Measurement(min(longest, options.max_width), min(len(self.text), options.max_width))
