"""Bad input becomes one sentence on stderr and exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from convsym.reports.paths import shown_path


class Refused(click.ClickException):
    """Something that was given cannot be used; its message is one sentence."""

    exit_code = 2


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the engine's complaints about what it was given into `Refused`."""
    from convsym.trace.errors import BadInput

    try:
        yield
    except BadInput as error:
        raise Refused(_sentence(error)) from None


def _sentence(error: Exception) -> str:
    place, help = getattr(error, "place", None), getattr(error, "help", "")
    where = f"{shown_path(place.file)}:{place.line}: " if place is not None else ""
    return where + "; ".join(filter(None, (str(error), help)))
