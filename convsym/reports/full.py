"""Diagnostics with the lines of code they speak of: claim, frames, the sizes that fail, and what to change."""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from convsym.diagnostics import Diagnostic, RelatedPlace, Severity, in_order
from convsym.graph.place import Place
from convsym.reports.format import Page
from convsym.reports.paths import shown_path

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.ADVICE: "cyan"}


def render(diagnostics: Sequence[Diagnostic], page: Page) -> str:
    """The diagnostics below each other; empty without any."""
    parts: list[RenderableType] = []
    for found in in_order(diagnostics):
        parts += [claim(found), Frames(found), Text()]
    return page.rendered(*parts) if parts else ""


def claim(found: Diagnostic) -> Text:
    """The first line: severity, code, what is wrong, and the name of the rule."""
    line = Text()
    line.append(f"{found.severity.value}[{found.code}]", style=f"bold {COLOURS[found.severity]}")
    line.append(f" {found.message}", style="bold")
    line.append(f" ({found.name})", style="dim")
    return line


class Frames:
    """The line of a diagnostic, the lines that take part in it, and what else is known, along one gutter."""

    def __init__(self, found: Diagnostic) -> None:
        self.found = found
        self.colour = COLOURS[found.severity]
        places = [place for place in (found.place, *found.related) if place is not None]
        # A related place that is the place itself says nothing new.
        self.places = list({(p.file, p.line): p for p in reversed(places)}.values())[::-1]
        numbers = [place.line for place in self.places] + ([found.fix.line] if found.fix is not None else [])
        self.gutter = max((len(str(number)) for number in numbers), default=1)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for position, place in enumerate(self.places):
            yield self._header(place, first=position == 0)
            for line in self._code(place, first=position == 0):
                line.truncate(options.max_width, overflow="ellipsis")
                yield line
        rest = list(self._rest())
        if self.places and rest:
            yield self._line("│")
        for text in rest:
            # A long help wraps under itself, beside the gutter.
            grid = Table.grid()
            grid.add_column(no_wrap=True)
            grid.add_column()
            grid.add_row(self._line("= "), text)
            yield grid
        for line in self._fix():
            line.truncate(options.max_width, overflow="ellipsis")
            yield line

    def _line(self, mark: str, number: int | None = None) -> Text:
        line = Text()
        line.append(f"{'' if number is None else number:>{self.gutter}} {mark}", style="blue")
        return line

    def _header(self, place: Place, first: bool) -> Text:
        line = self._line("╭─ " if first else "├─ ")
        # A path that is wider than the page stays whole, so that a terminal can make it a link.
        line.no_wrap, line.overflow = True, "ignore"
        line.append(f"{shown_path(place.file)}:{place.line}" + (f":{place.column}" if place.column else ""))
        if isinstance(place, RelatedPlace) and place.label:
            line.append(f"  {place.label}", style="dim")
        return line

    def _code(self, place: Place, first: bool) -> Iterator[Text]:
        source = linecache.getline(place.file, place.line).rstrip()
        if not source:
            return
        before = linecache.getline(place.file, place.line - 1).rstrip() if first else ""
        if before:
            yield self._line("│ ", place.line - 1).append_text(highlighted(before.expandtabs(4)))
        yield self._line("│ ", place.line).append_text(highlighted(source.expandtabs(4)))
        yield self._line("│ ").append(underline(source, place.column), style=f"bold {self.colour}" if first else "blue")

    def _fix(self) -> Iterator[Text]:
        """The line with the edit in it, below the one that it replaces."""
        fix = self.found.fix
        before = linecache.getline(fix.file, fix.line) if fix is not None else ""
        if fix is None or before[fix.column - 1 : fix.end_column - 1] != fix.old:
            return
        after = before[: fix.column - 1] + fix.new + before[fix.end_column - 1 :]
        yield self._line("= ").append("fix: ", style="bold green").append(fix.title)
        yield self._line("- ", fix.line).append(before.rstrip().expandtabs(4), style="red")
        yield self._line("+ ", fix.line).append(after.rstrip().expandtabs(4), style="green")

    def _rest(self) -> Iterator[Text]:
        if self.found.path and self.found.path not in self.found.message:
            yield Text(f"module {self.found.path}")
        if self.found.sizes:
            yield Text(self.found.sizes)
        if self.found.help:
            text = Text()
            text.append("help: ", style="bold green")
            yield text.append(self.found.help)


def underline(source: str, column: int) -> str:
    """Marks under a line from a column on, or under all of it without its indentation and comment.

    >>> underline("    x = 1  # one", 0)
    '    ^^^^^'
    """
    code = source.split("  #")[0].rstrip().expandtabs(4)
    start = len(source[: column - 1].expandtabs(4)) if column else len(code) - len(code.lstrip())
    return " " * start + "^" * max(1, len(code) - start)


def highlighted(code: str) -> Text:
    """One line of Python in colour."""
    text = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(code)
    text.rstrip()
    return text
