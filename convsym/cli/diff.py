"""`convsym diff`: what differs between two models, or between two revisions of one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from convsym.cli.failure import Refused, users_code
from convsym.cli.page import page
from convsym.cli.parameters import AT, AUTOCAST, INPUT, format_option, split_inputs
from convsym.cli.revisions import at_revision
from convsym.reports import Format

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis


#: A comparison without a given depth is folded to at most this many lines.
MOST_CHANGES = 40


@click.command()
@click.argument("before", metavar="TARGET")
@click.argument("after", metavar="[OTHER]", required=False)
@click.option("--from", "start", metavar="REVISION", help="The first model as it was at a revision of git.")
@click.option("--to", "end", metavar="REVISION", help="The second model as it was at a revision of git.")
@INPUT
@AT
@click.option("--assume", metavar="CONDITION", help='Only these sizes: "H % 32 == 0 and H >= 64".')
@AUTOCAST
@click.option("--train", is_flag=True, help="In training mode; else in evaluation mode.")
@click.option("--depth", type=click.IntRange(min=0), help="How deep modules are compared; else as deep as fits.")
@format_option("difference", default="table")
def diff(
    before: str,
    after: str | None,
    start: str | None,
    end: str | None,
    inputs: tuple[str, ...],
    at: dict[str, int] | None,
    assume: str | None,
    autocast: str | None,
    train: bool,
    depth: int | None,
    layout: Format,
) -> None:
    """Show what differs between two models, module by module.

    Compared are parameters, FLOPs, memory, shapes and valid sizes.

    \b
    convsym diff models.py:Net "models.py:Net(width=32)"    two models
    convsym diff old.py new.py                              every model that both files define
    convsym diff models.py:Net --from main                  a revision of git with the working tree
    convsym diff models.py:Net --from v1.0 --to v2.0        two revisions

    The exit code is 1 when something differs.
    """
    if after is None and start is None and end is None:
        raise click.UsageError("Give a second model, or --from REVISION to compare with.")
    specs, named = split_inputs(inputs)
    from convsym.analysis.difference import difference, fitting_difference
    from convsym.reports.differences import Compared

    def analysed(target: str, revision: str | None) -> Analysis:
        return _analysed(target, revision, train, *specs, assume=assume, autocast=autocast, **named)

    differs = False
    for one, two in _pairs(before, after or before):
        sides = analysed(one, start), analysed(two, end)
        # Programs read everything; people a screen or two.
        whole = depth is not None or layout.name == "json"
        found = difference(*sides, depth) if whole else fitting_difference(*sides, MOST_CHANGES)
        compared = Compared(_called(one, start), _called(two, end), found, at)
        try:
            click.echo(layout.rendered(compared, page()), nl=False)
        except ValueError as error:
            raise Refused(str(error)) from None
        differs |= not found.is_empty
    if differs:
        raise SystemExit(1)


def _called(target: str, revision: str | None) -> str:
    return f"{target} at {revision}" if revision else target


def _analysed(target: str, revision: str | None, train: bool, *specs: str, **named: str | None) -> Analysis:
    from convsym import analyze
    from convsym.trace.loading import load_target, split_target
    from convsym.trace.surroundings import surroundings

    with users_code():
        file, entry = split_target(target)
        if revision is not None and not file.endswith(".py"):
            raise Refused(f"{target} is no file, and only files are compared between revisions")
        with at_revision(file, revision) as path, surroundings(path):
            analysis: Analysis = analyze(load_target(f"{path}:{entry}").train(train), *specs, **named)
            return analysis


def _pairs(before: str, after: str) -> list[tuple[str, str]]:
    """The targets to compare: two models, or the models that two files both define and that need no arguments."""
    if not (os.path.isfile(before) and os.path.isfile(after)):
        return [(before, after)]
    others = _models(after)
    shared = [name for name in _models(before) if name in others]
    if not shared:
        raise Refused(f"{before} and {after} share no model that can be built without arguments; name one of each")
    return [(f"{before}:{entry}", f"{after}:{entry}") for entry in shared]


def _models(file: str) -> list[str]:
    from convsym.check.discovery import discover
    from convsym.trace.building import without_weights
    from convsym.trace.surroundings import surroundings

    with users_code(), surroundings(file), without_weights():
        return [maker.name for maker in discover(file).outermost_first if not maker.needs]
