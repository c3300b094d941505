"""`convsym sweep`: quantities of a model over ranges of sizes."""

from __future__ import annotations

import csv
import io
import re

import click

from convsym.cli.failure import Refused, users_code
from convsym.cli.page import page
from convsym.cli.parameters import INPUT, split_inputs

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
@click.argument("target")
@click.argument("quantities", nargs=-1, required=True)
@click.option(
    "--over",
    "ranges",
    multiple=True,
    required=True,
    metavar="RANGE",
    callback=lambda ctx, param, given: dict(map(values, given)),
    help="The values of one size: H=32:512:32, N=1,8 or W=224; again for each further size.",
)
@INPUT
@click.option("--assume", metavar="CONDITION", help='Only these sizes: "H % 32 == 0 and H >= 64".')
@click.option("--train", is_flag=True, help="In training mode; else in evaluation mode.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values; else a table.")
def sweep(
    target: str,
    quantities: tuple[str, ...],
    ranges: dict[str, list[int]],
    inputs: tuple[str, ...],
    assume: str | None,
    train: bool,
    as_csv: bool,
) -> None:
    """Show quantities of a model at every combination of sizes.

    QUANTITIES are flops, macs, parameters, elementwise, backward_flops, activation_bytes and saved_bytes. They are
    formulas, so that thousands of sizes take no longer than a few. Where the model does not run, nothing is shown.
    """
    specs, named = split_inputs(inputs)
    from convsym import analyze
    from convsym.analysis.sweep import sweep as swept
    from convsym.trace.loading import load_target, split_target
    from convsym.trace.surroundings import surroundings

    with users_code(), surroundings(split_target(target)[0]):
        analysis = analyze(load_target(target).train(train), *specs, assume=assume, **named)
        try:
            found = swept(analysis, quantities, **ranges)
        except ValueError as error:
            raise Refused(str(error)) from None
    columns = [*found.sizes.values(), *found.values.values()]
    rows = [
        [str(cell) if position < len(found.sizes) or runs else "" for position, cell in enumerate(row)]
        for runs, *row in zip(found.runs.tolist(), *(column.tolist() for column in columns), strict=True)
    ]
    header = [*found.sizes, *found.values]
    click.echo(_csv(header, rows) if as_csv else _table(header, rows), nl=False)


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
