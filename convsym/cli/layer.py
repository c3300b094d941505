"""`convsym layer`: everything about one layer."""

from __future__ import annotations

from dataclasses import replace

import click

from convsym.cli.failure import users_code
from convsym.cli.findings import exit_with, numbers_at
from convsym.cli.page import page
from convsym.cli.parameters import AT, CONVENTIONS, INPUT, chosen_conventions, format_option
from convsym.reports import Format, Report


@click.command()
@click.argument("text", metavar="LAYER")
@INPUT
@AT
@CONVENTIONS
@format_option("analysis", default="summary")
def layer(
    text: str, inputs: tuple[str, ...], at: dict[str, int] | None, conventions: tuple[str, ...], layout: Format
) -> None:
    """Show sizes, costs and valid sizes of one layer of torch.nn.

    LAYER is written as in Python: "ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)".
    """
    from convsym.layers import layer as analyze_layer

    with users_code():
        analysis = analyze_layer(text, *inputs)
        numbers = numbers_at(analysis, at)
    click.echo(
        layout.rendered(Report(text, analysis, numbers, conventions=chosen_conventions(conventions)), page()), nl=False
    )
    # The text is no file, so there is no line to point at.
    exit_with([replace(found, place=None, related=()) for found in analysis.diagnostics])
