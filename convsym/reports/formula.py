"""A formula on a terminal: it breaks before a plus or minus, and after a product's dot where it must."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

_BRACKETS = {"(": 1, "⌊": 1, "⌈": 1, "[": 1, ")": -1, "⌋": -1, "⌉": -1, "]": -1}


def terms(formula: str) -> list[str]:
    """The terms of a sum, each with its sign in front.

    >>> terms("2·N·(H + 1) + 3·H - 1")
    ['2·N·(H + 1)', '+ 3·H', '- 1']
    """
    found, depth, start = [], 0, 0
    for i, character in enumerate(formula):
        depth += _BRACKETS.get(character, 0)
        if depth == 0 and i > start and re.match(r" [-+] ", formula[i : i + 3]):
            found.append(formula[start:i].strip())
            start = i + 1
    return [*found, formula[start:].strip()]


def broken(formula: str, width: int) -> list[str]:
    """The formula in lines of at most that width, where its factors allow it.

    >>> broken("128·N·⌈H/2⌉·⌈W/2⌉ + 64·N", 20)
    ['128·N·⌈H/2⌉·⌈W/2⌉', '+ 64·N']
    """
    lines: list[str] = []
    for term in terms(formula):
        if lines and len(lines[-1]) + 1 + len(term) <= width:
            lines[-1] += " " + term
            continue
        lines.append("")
        for factor in re.findall(r"[^·]+·?", term):
            if lines[-1] and len(lines[-1]) + len(factor) > width:
                lines.append("  ")
            lines[-1] += factor
    return lines


@dataclass(frozen=True)
class Formula:
    """A formula as a cell of a rich table."""

    formula: str
    style: str = ""

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest = max((len(factor) for factor in re.findall(r"[^·]+·?", self.formula)), default=0)
        return Measurement(min(longest + 2, options.max_width), min(len(self.formula), options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in broken(self.formula, options.max_width):
            yield Text(line, style=self.style, overflow="fold", no_wrap=False)
