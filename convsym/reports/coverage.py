"""What a check covered: how many models, and which were found and not checked, with what to do about each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convsym.reports.paths import shown_path

if TYPE_CHECKING:
    from convsym.check.results import ModelReport, Outcome

#: How many models are listed; the rest are counted.
LISTED = 20


def coverage(outcome: Outcome, listed: int | None = LISTED) -> Iterator[str]:
    """Lines on what was stopped and what was not checked, and the count; none where everything was checked."""
    for file in outcome.files:
        for attempt in file.attempts:
            yield f"{shown_path(file.path)}: its code was kept from {attempt}; allow-effects in the configuration lets it"
    left = outcome.unchecked
    if not left:
        return
    for model in left[:listed]:
        yield _line(model)
    if listed is not None and len(left) > listed:
        yield f"... and {len(left) - listed} more; --show-unchecked lists them all"
    checked = sum(model.was_checked for model in outcome.models)
    yield f"{checked} model{'s' * (checked != 1)} checked, {len(left)} not checked."


def _line(model: ModelReport) -> str:
    place = model.place
    where = f"{shown_path(place.file)}:{place.line}: " if place is not None else ""
    hint = f"; {model.hint}" if model.hint else ""
    return f"{where}{model.entry} not checked: {model.unchecked}{hint}"
