"""`convsym layer`: everything about one layer."""

from __future__ import annotations

import re
from dataclasses import replace

import click

from convsym.cli.failure import users_code
from convsym.cli.findings import exit_with, numbers_at
from convsym.cli.page import page
from convsym.cli.parameters import AT, CONVENTIONS, INPUT, chosen_conventions, format_option, sizes
from convsym.reports import Format, Report

#: How many layers that do what is wanted are shown.
SHOWN = 5


@click.command()
@click.argument("text", metavar="LAYER")
@INPUT
@AT
@click.option("--claim", metavar="FORMULA", help='Hold a formula for the output against it: "(H - (k - 1)) / s".')
@click.option("--undo", is_flag=True, help="Show the layer that takes its sizes back, with its output_padding.")
@click.option("--keep", metavar="ARGUMENTS", help="For a step: only layers with these: kernel_size=4,stride=2.")
@CONVENTIONS
@format_option("analysis", default="summary")
def layer(
    text: str,
    inputs: tuple[str, ...],
    at: dict[str, int] | None,
    claim: str | None,
    undo: bool,
    keep: str | None,
    conventions: tuple[str, ...],
    layout: Format,
) -> None:
    """Show one layer of torch.nn, or find the layers for a size.

    LAYER is written as in Python: "ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)". A step from
    size to size, "225 -> 113" or "H -> 2*H" for every H, asks for the convolutions that do it, the usual ones first.

    A claim that does not hold, and a step that no layer does, make the exit code 1.
    """
    if re.search(r"->|→", text):
        _wanted(text, sizes(keep) if keep else {})
    elif claim is not None:
        _claimed(text, claim)
    elif undo:
        from convsym.layers import undo as undone

        with users_code():
            found = undone(text)
        click.echo(str(found))
    else:
        _reported(text, inputs, at, conventions, layout)


def _wanted(text: str, fixed: dict[str, int]) -> None:
    from convsym.layers import layers_for
    from convsym.sizes.arithmetic import symbol
    from convsym.sizes.text import pretty

    with users_code():
        found = layers_for(text, **fixed)
    if not found:
        click.echo(f"no convolution does {text}", err=True)
        raise SystemExit(1)
    written = [window.written() for window in found[:SHOWN]]
    width = max(map(len, written))
    for line, window in zip(written, found, strict=False):
        click.echo(f"{line:{width}}  H -> {pretty(window.out(symbol('H')))}")
    if len(found) > SHOWN:
        more = len(found) - SHOWN
        hint = "" if fixed else "; --keep kernel_size=4 shows those with that kernel"
        click.echo(f"and {more} less usual {'one' if more == 1 else 'ones'}{hint}")


def _claimed(text: str, formula: str) -> None:
    from convsym.layers import check_formula

    with users_code():
        verdict = check_formula(text, formula)
    click.echo(str(verdict))
    if verdict.holds is False:
        raise SystemExit(1)


def _reported(
    text: str, inputs: tuple[str, ...], at: dict[str, int] | None, conventions: tuple[str, ...], layout: Format
) -> None:
    from convsym.layers import layer as analyze_layer

    with users_code():
        analysis = analyze_layer(text, *inputs)
        numbers = numbers_at(analysis, at)
    click.echo(
        layout.rendered(Report(text, analysis, numbers, conventions=chosen_conventions(conventions)), page()), nl=False
    )
    # The text is no file, so there is no line to point at.
    exit_with([replace(found, place=None, related=()) for found in analysis.diagnostics])
