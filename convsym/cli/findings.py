"""What `report` and `layer` share: the numbers at a size, and the diagnostics below the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from convsym.cli.failure import Refused
from convsym.cli.page import page
from convsym.diagnostics import Diagnostic

if TYPE_CHECKING:
    from convsym.analysis.numbers import NumbersAt
    from convsym.analysis.result import Analysis


def numbers_at(analysis: Analysis, sizes: dict[str, int] | None) -> NumbersAt | None:
    """The numbers at the sizes asked for; None without sizes, or where the model runs for none.

    Raises Refused when a size is missing or unknown, or the model does not run there.
    """
    if sizes is None or not analysis.cases:
        return None
    try:
        return analysis.at(**analysis.domain.named(sizes))
    except ValueError as error:
        known = set(analysis.domain.symbols) == set(sizes)
        raise Refused(f"{error}; it runs for {analysis.domain.describe()}" if known else str(error)) from None


def exit_with(diagnostics: Sequence[Diagnostic]) -> None:
    """Show diagnostics and exit with 1 if there are any.

    They go to standard error, so that standard output holds the report alone, whatever its format.
    """
    if not diagnostics:
        return
    from convsym.reports.full import render

    click.echo("\n" + render(diagnostics, page()), nl=False, err=True)
    raise SystemExit(1)
