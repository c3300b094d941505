"""`convsym check`: shape errors of the models in files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from convsym.check.baseline import BadBaseline, write_baseline
from convsym.check.cache.store import folder_for
from convsym.check.configuration.keys import Configuration
from convsym.check.configuration.pyproject import configuration_for
from convsym.check.configuration.values import ConfigurationError, codes
from convsym.check.paths import NothingThere
from convsym.check.repair_paths import Repairs, repair_paths
from convsym.check.results import Outcome
from convsym.check.run import check_paths
from convsym.check.runner import Runner
from convsym.check.workers.interpreter import NoInterpreter
from convsym.cli.failure import Refused
from convsym.cli.parameters import BUDGET, INPUT, format_option, listed
from convsym.cli.progress import progress_bar
from convsym.cli.verdict import report, verdict
from convsym.cli.watching import watched
from convsym.reports import Format, formats
from convsym.reports.coverage import LISTED, coverage
from convsym.reports.statistics import statistics

PROBLEMS = (NothingThere, NoInterpreter, ConfigurationError, BadBaseline)


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@INPUT
@format_option("diagnostics", default="full")
@click.option("--output-file", "-o", type=click.Path(dir_okay=False), help="Write the report to a file.")
@click.option("--assume", metavar="CONDITION", help='Only these sizes: "H % 32 == 0 and H >= 64".')
@click.option("--select", multiple=True, metavar="CODES", callback=listed, help="Only rules whose codes begin so.")
@click.option("--ignore", multiple=True, metavar="CODES", callback=listed, help="Not the rules whose codes begin so.")
@BUDGET
@click.option("--receptive-field", type=click.IntRange(min=1), metavar="PIXELS", help="What an output is to see.")
@click.option("--fix", is_flag=True, help="Mend what one literal mends, check again, and keep only what helped.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--baseline", type=click.Path(dir_okay=False), help="A file of findings that are known.")
@click.option("--write-baseline", "new_baseline", type=click.Path(dir_okay=False), help="Write what is found to one.")
@click.option("--show-unchecked", is_flag=True, help="List every model that was not checked, not only the first ones.")
@click.option("--statistics", "counts", is_flag=True, help="Count what each rule found.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="How many files at a time; else one for each core.")
@click.option("--python", metavar="PATH", help="The Python, or virtual environment, that loads the models.")
@click.option("--cache/--no-cache", default=True, help="Whether reports of unchanged files are taken from the cache.")
def check(
    files: tuple[str, ...],
    inputs: tuple[str, ...],
    layout: Format,
    fix: bool,
    diff: bool,
    new_baseline: str | None,
    show_unchecked: bool,
    counts: bool,
    exit_zero: bool,
    watch: bool,
    cache: bool,
    **said: Any,
) -> None:
    """Find shape errors in the models of FILES.

    A file is checked with every model in it that can be built; FILE.py:Name or FILE.py:Name(in_channels=3) checks
    one, and a folder stands for all Python files in it. No weights are made and no training code runs.

    What [tool.convsym] in pyproject.toml says is done unless an option says otherwise.
    """
    if fix + diff + watch > 1:
        raise click.UsageError("--fix, --diff and --watch do not go together; give one of them.")

    def run() -> None:
        with refused():
            configuration = _configured(files, said)
            if new_baseline is not None:
                # What an old baseline knows belongs into the new one too.
                configuration = replace(configuration, baseline=None)
            with progress_bar() as progress:
                folder = folder_for(configuration) if cache and configuration.cache else None
                runner = Runner.of(configuration, cache=folder, printed=_echoed, progress=progress)
                mended = _checked(files, configuration, inputs, runner, fix, diff)
        outcome, diagnostics = mended.outcome, mended.outcome.diagnostics
        if new_baseline is not None:
            _write_baseline(new_baseline, outcome, configuration.root)
            diagnostics = []
        if diff:
            click.echo("".join(repair.diff for repair in mended.repairs), nl=False)
        else:
            file = configuration.output_file and configuration.root / configuration.output_file
            report(_layout(layout, configuration), diagnostics, file or None)
        for line in coverage(outcome, None if show_unchecked else LISTED):
            click.echo(line, err=True)
        for line in statistics(diagnostics) if counts else ():
            click.echo(line, err=True)
        _say_of_repairs(mended, fix, diff)
        if outcome.gone:
            click.echo(f"{outcome.gone} of the baseline's findings are gone; --write-baseline drops them.", err=True)
        click.echo(verdict(diagnostics, len({file.path for file in outcome.files}), inferred=not inputs), err=True)
        if not exit_zero and (any(found.is_error for found in diagnostics) or (diff and mended.fixes)):
            raise SystemExit(1)

    watched(files, run) if watch else run()


@contextmanager
def refused() -> Iterator[None]:
    """Around what reads what was given: what cannot be used is said in one sentence."""
    try:
        yield
    except PROBLEMS as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"{error.filename or 'a file'} cannot be written: {error.strerror or error}") from None


def _configured(files: Sequence[str], said: dict[str, Any]) -> Configuration:
    """What pyproject.toml says, and what the options say instead."""
    for name in ("select", "ignore"):
        codes(list(said[name]), f"--{name}")
    for name in ("baseline", "output_file"):
        # On the command line a path starts from the working directory, not from the file that configures.
        said = {**said, name: str(Path(said[name]).absolute()) if said[name] is not None else None}
    return replace(configuration_for(list(files)), **{k: v for k, v in said.items() if v is not None and v != ()})


def _layout(given: Format, configuration: Configuration) -> Format:
    """The format of the option, where it was given, else that of the configuration."""
    source = click.get_current_context().get_parameter_source("layout")
    if configuration.format is None or source is not click.core.ParameterSource.DEFAULT:
        return given
    known = {one.name: one for one in formats("diagnostics")}
    if configuration.format not in known:
        raise Refused(f"format takes one of {', '.join(known)}, not {configuration.format!r}")
    return known[configuration.format]


def _checked(
    files: Sequence[str], configuration: Configuration, inputs: Sequence[str], runner: Runner, fix: bool, diff: bool
) -> Repairs:
    if fix or diff:
        return repair_paths(files, to_disk=fix, configuration=configuration, inputs=inputs, runner=runner)
    return Repairs(check_paths(files, configuration=configuration, inputs=inputs, runner=runner))


def _echoed(text: str) -> None:
    click.echo(text, err=True, nl=not text.endswith("\n"))


def _write_baseline(path: str, outcome: Outcome, folder: Path) -> None:
    try:
        count = write_baseline(path, outcome.diagnostics, folder)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror or error}") from None
    click.echo(f"{count} finding{'s' * (count != 1)} written to {path}.", err=True)


def _say_of_repairs(mended: Repairs, fix: bool, diff: bool) -> None:
    for found in mended.refused:
        click.echo(f"The fixes were taken back, because they add this: {found}", err=True)
    if fix or diff:
        places, in_files = mended.fixes, len(mended.repairs)
        done = "mended" if fix else "to be mended with --fix"
        click.echo(f"{places} place{'s' * (places != 1)} in {in_files} file{'s' * (in_files != 1)} {done}.", err=True)
