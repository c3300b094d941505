"""The values that options take: sizes, input specs, formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from convsym.reports import Format, formats
from convsym.reports.format import Shows
from convsym.rules.wanted import Budget, BudgetError, parse_budget

if TYPE_CHECKING:
    from convsym.analysis.conventions import Convention

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def sizes(text: str) -> dict[str, int]:
    """Sizes from their spelling.

    >>> sizes("N=1, H=224")
    {'N': 1, 'H': 224}

    Raises click.BadParameter, which names the part that is wrong.
    """
    found: dict[str, int] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        match = re.fullmatch(r"([A-Za-z_]\w*)\s*=\s*(\d+)", part)
        if match is None:
            raise click.BadParameter(f"{part!r} is no size; write sizes as in N=1,H=224,W=224.")
        name, size = match.group(1), int(match.group(2))
        if name in found:
            raise click.BadParameter(f"{name} is given twice.")
        found[name] = size
    return found


AT: Decorator = click.option(
    "--at",
    metavar="SIZES",
    callback=lambda ctx, param, value: None if value is None else sizes(value),
    help="Show numbers too, at these sizes: N=1,H=224,W=224.",
)


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


INPUT: Decorator = click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="SPEC",
    help='Shape of one input, as in "N 3 H W" or "N L:int64"; again for each further one, "name=SPEC" by name.'
    " Inferred from the first layers when left out.",
)


AUTOCAST: Decorator = click.option(
    "--autocast",
    metavar="DTYPE",
    help="The forward in torch.autocast: bfloat16 or float16 on the CPU, cuda:bfloat16 or cuda:float16 as a GPU casts.",
)


#: Named here, so that `--help` loads no torch; a test keeps them equal to those that there are.
CONVENTION_NAMES = ("fvcore", "ptflops", "thop")

CONVENTIONS: Decorator = click.option(
    "--convention",
    "conventions",
    multiple=True,
    type=click.Choice(CONVENTION_NAMES),
    help="Show also what another tool counts, and why it differs; again for each further one.",
)


def chosen_conventions(names: Iterable[str]) -> tuple[Convention, ...]:
    """The conventions of these names, each once."""
    from convsym.analysis.conventions import CONVENTIONS as KNOWN

    return tuple(convention for convention in KNOWN if convention.name in names)


def format_option(shows: Shows, default: str) -> Decorator:
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


def listed(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The values of an option that may be given again, each with commas in it.

    >>> listed(None, None, ("CS1,CS2", "CS305"))
    ('CS1', 'CS2', 'CS305')
    """
    return tuple(filter(None, (part.strip() for value in values for part in value.split(","))))


def _budgets(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[Budget, ...]:
    try:
        return tuple(map(parse_budget, values))
    except BudgetError as error:
        raise click.BadParameter(f"{error}.") from None


BUDGET: Decorator = click.option(
    "--budget",
    "budgets",
    multiple=True,
    metavar="LIMIT",
    callback=_budgets,
    help='What a model may cost: "flops <= 4.2G at N=1,H=224,W=224", "parameters <= 25M"; again for each further one.',
)
