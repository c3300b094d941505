"""`convsym sweep`: quantities of a model over ranges of sizes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from convsym.cli.failure import Refused, sentence, users_code
from convsym.cli.page import page
from convsym.cli.parameters import AUTOCAST, INPUT, split_inputs

if TYPE_CHECKING:
    from convsym.sweeps import Sweep, Swept

#: A table on a terminal has at most so many rows; CSV has all of them.
MOST_ROWS = 200


def values(text: str) -> tuple[str, list[int]]:
    """A size and the values it takes.

    >>> values("H=32:96:32"), values("N=1,8"), values("W=64")
    (('H', [32, 64, 96]), ('N', [1, 8]), ('W', [64]))

    Raises click.BadParameter for anything else.
    """
    match = re.fullmatch(r"\s*([A-Za-z_]\w*)\s*=\s*(\d+(?:\s*,\s*\d+)*|\d+:\d+(?::\d+)?)\s*", text)
    if match is None:
        raise click.BadParameter(f"{text!r} is no range; write H=32:512:32 (the end is included), N=1,8 or W=224.")
    name, said = match.groups()
    if ":" not in said:
        return name, [int(value) for value in said.split(",")]
    start, stop, *step = map(int, said.split(":"))
    if step == [0] or stop < start:
        raise click.BadParameter(f"{text!r} holds no size: the step is at least 1, and the end not below the start.")
    return name, list(range(start, stop + 1, *step))


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET... QUANTITY...")
@click.option(
    "--over",
    "ranges",
    multiple=True,
    required=True,
    metavar="RANGE",
    callback=lambda ctx, param, given: dict(map(values, given)),
    help="The values of one size or open argument: H=32:512:32, N=1,8 or W=224; again for each further one.",
)
@INPUT
@click.option("--assume", metavar="CONDITION", help='Only these sizes: "H % 32 == 0 and H >= 64".')
@AUTOCAST
@click.option("--train", is_flag=True, help="In training mode; else in evaluation mode.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values; else a table.")
@click.option(
    "--plot", "picture", type=click.Path(dir_okay=False), help="Draw into this file as well: .svg, .png, .pdf."
)
@click.option("--jobs", type=click.IntRange(1), default=1, help="Models that are analysed at once.", show_default=True)
def sweep(
    targets: tuple[str, ...],
    ranges: dict[str, list[int]],
    inputs: tuple[str, ...],
    assume: str | None,
    autocast: str | None,
    train: bool,
    as_csv: bool,
    picture: str | None,
    jobs: int,
) -> None:
    """Show quantities of models at every combination of sizes.

    A TARGET has a colon, as in unet.py:UNet or "unet.py:UNet(width=c)", whose c is one more size. A QUANTITY is flops,
    macs, parameters, elementwise, backward_flops, activation_bytes, saved_bytes, peak_bytes or training_peak_bytes. They
    are formulas, so that thousands of sizes take no longer than a few. Where a model does not run, nothing is shown.
    """
    models = list(dict.fromkeys(target for target in targets if ":" in target))
    quantities = [quantity for quantity in targets if ":" not in quantity]
    if not models or not quantities:
        raise click.UsageError("give a model and a quantity, as in: convsym sweep unet.py:UNet flops --over N=1.")
    found = _swept(models, quantities, inputs, ranges, jobs, assume=assume, autocast=autocast, train=train)
    tables = {swept.target: swept.table for swept in found if swept.table is not None}
    rows = [[*([target] if len(models) > 1 else []), *row] for target, table in tables.items() for row in _rows(table)]
    header = [*(["model"] if len(models) > 1 else []), *ranges, *quantities]
    if tables:
        click.echo(_csv(header, rows) if as_csv else _table(header, rows), nl=False)
    if tables and picture is not None:
        _draw(tables, picture)
    problems = [f"{swept.target}: {sentence(swept.problem)}" for swept in found if swept.problem is not None]
    for problem in problems[:-1]:
        click.echo(f"Error: {problem}", err=True)
    if problems:
        raise Refused(problems[-1])


def _swept(
    models: list[str],
    quantities: list[str],
    inputs: tuple[str, ...],
    ranges: dict[str, list[int]],
    jobs: int,
    **asked: Any,
) -> list[Swept]:
    specs, named = split_inputs(inputs)
    from concurrent.futures import ProcessPoolExecutor

    from convsym.sweeps import sweep_targets

    with users_code(), ProcessPoolExecutor(jobs) if jobs > 1 else nullcontext() as executor:
        try:
            return list(sweep_targets(models, quantities, *specs, over=ranges, executor=executor, **{**named, **asked}))
        except ValueError as error:
            raise Refused(str(error)) from None


def _rows(table: Sweep) -> Iterator[list[str]]:
    columns = [*table.sizes.values(), *table.values.values()]
    for runs, *row in zip(table.runs.tolist(), *(column.tolist() for column in columns), strict=True):
        yield [str(cell) if runs or position < len(table.sizes) else "" for position, cell in enumerate(row)]


def _draw(tables: dict[str, Sweep], picture: str) -> None:
    from convsym.sweeps.plot import plot

    try:
        plot(tables, picture)
    except ImportError:
        raise Refused("a plot needs matplotlib: pip install matplotlib.") from None
    except (ValueError, OSError) as error:
        raise Refused(f"{picture} cannot be drawn: {str(error).splitlines()[0]}.") from None


def _csv(header: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _table(header: list[str], rows: list[list[str]]) -> str:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False, header_style="dim")
    for name in header:
        table.add_column(name, justify="right")
    for row in rows[:MOST_ROWS]:
        table.add_row(*row)
    rest = len(rows) - MOST_ROWS
    return page().rendered(table, *([Text(f"{rest} more rows; --csv has all of them.")] if rest > 0 else []))
