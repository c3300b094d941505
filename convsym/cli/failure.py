"""Bad input becomes one sentence on stderr and exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import click

from convsym.reports.paths import shown_path


class Refused(click.ClickException):
    """Something that was given cannot be used; its message is one sentence."""

    exit_code = 2


@contextmanager
def users_code() -> Iterator[None]:
    """Around whatever loads and runs a user's models.

    Complaints about what was given become `Refused`, and what the models print goes to standard error, so that
    standard output holds the report alone.
    """
    from convsym.trace.errors import BadInput

    try:
        with redirect_stdout(sys.stderr):
            yield
    except BadInput as error:
        raise Refused(sentence(error)) from None


def sentence(error: Exception) -> str:
    place, help = getattr(error, "place", None), getattr(error, "help", "")
    where = f"{shown_path(place.file)}:{place.line}: " if place is not None else ""
    return where + "; ".join(filter(None, (str(error), help)))
