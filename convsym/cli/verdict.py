"""What `convsym check` says at the end: the report, and how much was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from convsym.cli.failure import Refused
from convsym.cli.page import WIDTH, page
from convsym.diagnostics import Diagnostic, Severity
from convsym.fixes.files import replace_file
from convsym.reports import Format, Page


def report(layout: Format, diagnostics: Sequence[Diagnostic], file: Path | None) -> None:
    """Show diagnostics on standard output, or write them to a file, without colour and in one step.

    Raises Refused when the file cannot be written.
    """
    if file is None:
        click.echo(layout.rendered(diagnostics, page()), nl=False)
        return
    try:
        replace_file(file, layout.rendered(diagnostics, Page(WIDTH)).encode())
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror or error}") from None


def verdict(diagnostics: Sequence[Diagnostic], files: int, inferred: bool) -> str:
    """How many files were checked, with which inputs, and how much was found, in one sentence.

    >>> verdict([], 1, inferred=True)
    '1 file checked with inputs inferred from the first layers: nothing found.'
    """
    counts = Counter(found.severity.value for found in diagnostics)
    parts = [f"{n} {kind}{'s' * (n != 1 and kind != 'advice')}" for kind, n in sorted(counts.items(), key=_gravity)]
    how = "inputs inferred from the first layers" if inferred else "the inputs given"
    mended = sum(found.fix is not None for found in diagnostics)
    way_out = f"; --fix mends {mended}" if mended else ""
    return f"{files} file{'s' * (files != 1)} checked with {how}: {' and '.join(parts) or 'nothing'} found{way_out}."


def _gravity(count: tuple[str, int]) -> int:
    return [severity.value for severity in Severity].index(count[0])
