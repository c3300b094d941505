"""`convsym check`: shape errors of the models in files."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from convsym.cli.failure import Refused, users_code
from convsym.cli.page import page
from convsym.cli.parameters import INPUT, format_option
from convsym.diagnostics import Diagnostic, Severity
from convsym.reports import Format

_ENTRY = re.compile(r"(?P<file>.+?\.py):(?P<entry>.+)", re.DOTALL)


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@INPUT
@format_option("diagnostics", default="full")
def check(files: tuple[str, ...], inputs: tuple[str, ...], layout: Format) -> None:
    """Find shape errors in the models of FILES.

    A file is checked with every model in it that can be built; FILE.py:Name or FILE.py:Name(in_channels=3) checks
    one, and a folder stands for all Python files in it. No weights are made and no training code runs.
    """
    asked = [found for given in files for found in _expanded(given)]
    from convsym import check_file

    diagnostics: list[Diagnostic] = []
    for path, entry in asked:
        with users_code():
            diagnostics += check_file(path, entry=entry, inputs=list(inputs) or None)
    click.echo(layout.rendered(diagnostics, page()), nl=False)
    click.echo(verdict(diagnostics, len({path for path, _ in asked}), inferred=not inputs), err=True)
    if diagnostics:
        raise SystemExit(1)


def _expanded(given: str) -> Iterator[tuple[str, str | None]]:
    match = _ENTRY.fullmatch(given)
    file, entry = (match["file"], match["entry"]) if match is not None else (given, None)
    path = Path(file)
    if path.is_dir():
        found = sorted(_python_files(path))
        if not found:
            raise Refused(f"there is no Python file in {file}")
        yield from ((str(one), None) for one in found)
    elif path.is_file():
        yield str(path), entry
    else:
        raise Refused(f"there is no file {file}")


def _python_files(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        here = Path(root)
        # What is hidden, cached or installed is not the user's own code.
        folders[:] = [f for f in folders if not f.startswith((".", "__")) and not (here / f / "pyvenv.cfg").exists()]
        yield from (here / file for file in files if file.endswith(".py"))


def verdict(diagnostics: Sequence[Diagnostic], files: int, inferred: bool) -> str:
    """How many files were checked, with which inputs, and how much was found, in one sentence.

    >>> verdict([], 1, inferred=True)
    '1 file checked with inputs inferred from the first layers: nothing found.'
    """
    counts = Counter(found.severity.value for found in diagnostics)
    parts = [f"{n} {kind}{'s' * (n != 1 and kind != 'advice')}" for kind, n in sorted(counts.items(), key=_gravity)]
    how = "inputs inferred from the first layers" if inferred else "the inputs given"
    return f"{files} file{'s' * (files != 1)} checked with {how}: {' and '.join(parts) or 'nothing'} found."


def _gravity(count: tuple[str, int]) -> int:
    return [severity.value for severity in Severity].index(count[0])
