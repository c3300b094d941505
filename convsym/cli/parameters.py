"""The values that options take: sizes, input specs, formats."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

import click

from convsym.reports import Format, formats


class Sizes(click.ParamType):
    """N=1,H=224,W=224 as a dict of positive ints."""

    name = "sizes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, int]:
        """The dict; a usage error names the part that is wrong."""
        if isinstance(value, dict):
            return value
        found: dict[str, int] = {}
        for part in filter(None, (p.strip() for p in value.split(","))):
            match = re.fullmatch(r"([A-Za-z_]\w*)\s*=\s*(\d+)", part)
            if match is None:
                self.fail(f"{part!r} is no size; write sizes as in N=1,H=224,W=224.", param, ctx)
            name, size = match.group(1), int(match.group(2))
            if name in found:
                self.fail(f"{name} is given twice.", param, ctx)
            found[name] = size
        return found


def split_inputs(specs: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Input specs as positional and named arguments of the forward.

    >>> split_inputs(["N 3 H W", "mask=N H W"])
    (['N 3 H W'], {'mask': 'N H W'})
    """
    positional: list[str] = []
    named: dict[str, str] = {}
    for spec in specs:
        match = re.match(r"\s*([A-Za-z_]\w*)\s*=(.*)", spec, re.DOTALL)
        if match is None:
            positional.append(spec)
        else:
            named[match.group(1)] = match.group(2).strip()
    return positional, named


INPUT = click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="SPEC",
    help='Shape of one input, as in "N 3 H W" or "N L:int64"; again for each further one, "name=SPEC" by name.'
    " Inferred from the first layers when left out.",
)


def format_option(shows: Literal["analysis", "diagnostics"], default: str) -> Any:
    """A --format option with the formats that can show an analysis or diagnostics."""
    known = formats(shows)
    listed = "; ".join(f"{f.name}: {f.title}" for f in known)

    def chosen(ctx: click.Context, param: click.Parameter, value: str) -> Format:
        return next(f for f in known if f.name == value)

    return click.option(
        "--format",
        "layout",
        type=click.Choice([f.name for f in known]),
        default=default,
        show_default=True,
        callback=chosen,
        help=f"{listed}.",
    )
