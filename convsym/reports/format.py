"""What a report format is, what it is given, and where it writes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from convsym.analysis.conventions import Convention
    from convsym.analysis.numbers import NumbersAt
    from convsym.analysis.optimizers import Optimizer
    from convsym.analysis.result import Analysis
    from convsym.analysis.roofline import Device


@dataclass(frozen=True)
class Page:
    """Where a report will be read: how many columns there are, and whether it may use colour."""

    width: int = 100
    colour: bool = False

    def console(self, file: Any = None) -> Console:
        """A rich console of that size."""
        from rich.console import Console

        return Console(
            file=file or io.StringIO(),
            width=self.width,
            force_terminal=self.colour,
            no_color=not self.colour,
            highlight=False,
            soft_wrap=False,
        )

    def rendered(self, *parts: RenderableType) -> str:
        """Rich renderables, one below the other, as text for this page."""
        file = io.StringIO()
        console = self.console(file)
        for part in parts:
            console.print(part, crop=False)
        # Rich pads every line of a table, which only shows in files and tests.
        return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


@dataclass(frozen=True)
class Report:
    """An analysis to be shown: what it is of, its numbers at one size, if wanted, and how deep the module tree goes.

    `depth` is None for a depth that fits a screen or two. `training` shows the training step instead of the forward
    pass alone. What else is wanted: the `top` most expensive calls, the receptive `fields` of all spatial calls,
    other tools' `conventions` beside convsym's, and lower bounds on the time that a `device` takes. A report of training
    can have an `optimizer`, which works on float32 copies of parameters in half precision where `master_weights` says so.
    """

    target: str
    analysis: Analysis
    at: NumbersAt | None = None
    depth: int | None = None
    training: bool = False
    top: int = 0
    fields: bool = False
    conventions: tuple[Convention, ...] = ()
    device: Device | None = None
    optimizer: Optimizer | None = None
    master_weights: bool = False


Shows = Literal["analysis", "difference", "diagnostics"]


@dataclass(frozen=True)
class Format:
    """One way to show analyses, differences or diagnostics.

    `render(subject, page) -> str` takes a `Report` where the format shows an analysis, a
    `convsym.reports.differences.Compared` where it shows a difference, and a sequence of `Diagnostic` where it shows
    diagnostics; it is a function, or "module:function", which is loaded when it is used.
    """

    name: str
    shows: Shows
    title: str
    render: str | Callable[[Any, Page], str]

    def rendered(self, subject: Any, page: Page) -> str:
        """The subject as text."""
        if callable(self.render):
            return self.render(subject, page)
        module, _, function = self.render.partition(":")
        shown: str = getattr(import_module(module), function)(subject, page)
        return shown
