"""`convsym layer`: everything about one layer."""

from __future__ import annotations

import click

from convsym.cli.failure import Refused, refusals
from convsym.cli.findings import exit_with
from convsym.cli.page import page
from convsym.cli.parameters import INPUT, Sizes, format_option
from convsym.reports import Format, Report


@click.command()
@click.argument("text", metavar="LAYER")
@INPUT
@click.option("--at", type=Sizes(), help="Show numbers too, at these sizes: N=1,H=224,W=224.")
@format_option("analysis", default="summary")
def layer(text: str, inputs: tuple[str, ...], at: dict[str, int] | None, layout: Format) -> None:
    """Show sizes, costs and valid sizes of one layer of torch.nn.

    LAYER is written as in Python: "ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)".
    """
    from convsym.layers import layer as analyze_layer

    with refusals():
        analysis = analyze_layer(text, *inputs)
    try:
        numbers = analysis.at(**at) if at is not None else None
    except ValueError as error:
        raise Refused(str(error)) from None
    click.echo(layout.rendered(Report(text, analysis, numbers), page()), nl=False)
    exit_with(analysis.diagnostics)
