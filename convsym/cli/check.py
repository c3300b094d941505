"""`convsym check`: shape errors of the models in files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from convsym.check.cache.store import folder_for
from convsym.check.configuration.pyproject import configuration_for
from convsym.check.configuration.values import ConfigurationError
from convsym.check.paths import NothingThere
from convsym.check.run import check_paths
from convsym.check.workers.interpreter import NoInterpreter
from convsym.cli.failure import Refused
from convsym.cli.page import page
from convsym.cli.parameters import INPUT, format_option
from convsym.diagnostics import Diagnostic, Severity
from convsym.reports import Format
from convsym.reports.coverage import LISTED, coverage


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@INPUT
@format_option("diagnostics", default="full")
@click.option("--assume", metavar="CONDITION", help='Only these sizes: "H % 32 == 0 and H >= 64".')
@click.option("--show-unchecked", is_flag=True, help="List every model that was not checked, not only the first ones.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="How many files at a time; else one for each core.")
@click.option("--python", metavar="PATH", help="The Python, or virtual environment, that loads the models.")
@click.option("--cache/--no-cache", default=True, help="Whether reports of unchanged files are taken from the cache.")
def check(
    files: tuple[str, ...],
    inputs: tuple[str, ...],
    layout: Format,
    assume: str | None,
    show_unchecked: bool,
    jobs: int | None,
    python: str | None,
    cache: bool,
) -> None:
    """Find shape errors in the models of FILES.

    A file is checked with every model in it that can be built; FILE.py:Name or FILE.py:Name(in_channels=3) checks
    one, and a folder stands for all Python files in it. No weights are made and no training code runs.
    """
    try:
        configuration = configuration_for(list(files))
        outcome = check_paths(
            files,
            configuration=configuration,
            inputs=inputs,
            assume=assume,
            jobs=jobs,
            python=python,
            cache=folder_for(configuration) if cache and configuration.cache else None,
            printed=lambda text: click.echo(text, err=True, nl=not text.endswith("\n")),
        )
    except (NothingThere, NoInterpreter, ConfigurationError) as error:
        raise Refused(str(error)) from None
    diagnostics = outcome.diagnostics
    click.echo(layout.rendered(diagnostics, page()), nl=False)
    for line in coverage(outcome, None if show_unchecked else LISTED):
        click.echo(line, err=True)
    click.echo(verdict(diagnostics, len({file.path for file in outcome.files}), inferred=not inputs), err=True)
    if any(found.is_error for found in diagnostics):
        raise SystemExit(1)


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
