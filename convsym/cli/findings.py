"""The diagnostics of an analysis below its report, and the exit code that follows from them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from convsym.cli.page import page
from convsym.diagnostics import Diagnostic


def exit_with(diagnostics: Sequence[Diagnostic]) -> None:
    """Show diagnostics and exit with 1 if there are any.

    They go to standard error, so that standard output holds the report alone, whatever its format.
    """
    if not diagnostics:
        return
    from convsym.reports.full import render

    click.echo("\n" + render(diagnostics, page()), nl=False, err=True)
    raise SystemExit(1)
