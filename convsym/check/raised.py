"""Exceptions of a forward that no input can have caused.

Most of what a forward raises depends on what it was given, or on what somebody should have done before. Of these the
text of the exception says that the code itself is wrong.
"""

from __future__ import annotations

import difflib
import linecache
import re
from collections.abc import Callable, Mapping

from torch import nn

from convsym.trace.explore import Refusal

_CONTAINERS = "ModuleList|ModuleDict|ParameterList|ParameterDict"


def _misspelt(model: nn.Module, found: re.Match[str], refusal: Refusal) -> bool:
    """An attribute that is not there, where one of nearly that name is: a class that is made to be completed by
    others lacks attributes of names of their own."""
    owners = [m for m in model.modules() if type(m).__name__ == found["owner"]]
    names = {name for m in owners for name in dir(m) if not name.startswith("__")}
    return found["name"] not in names and bool(difflib.get_close_matches(found["name"], names, 1, 0.85))


def _always(model: nn.Module, found: re.Match[str], refusal: Refusal) -> bool:
    return True


def _of_the_model(model: nn.Module, found: re.Match[str], refusal: Refusal) -> bool:
    """A call of one of the model's own modules that does not fit its forward."""
    return any(type(m).__name__ == found["owner"] for m in model.modules() if m is not model)


def _unpacks_another_number(model: nn.Module, found: re.Match[str], refusal: Refusal) -> bool:
    """A line that unpacks as many parts as it does not ask for."""
    place = refusal.place
    asked = re.search(r"\.chunk\(\s*(\d+)", linecache.getline(place.file, place.line)) if place is not None else None
    return asked is not None and asked[1] != found["names"]


_SURE: Mapping[str, tuple[tuple[re.Pattern[str], Callable[[nn.Module, re.Match[str], Refusal], bool]], ...]] = {
    "AttributeError": ((re.compile(r"'(?P<owner>\w+)' object has no attribute '(?P<name>\w+)'.*"), _misspelt),),
    "NotImplementedError": (
        (re.compile(rf'Module \[({_CONTAINERS})\] is missing the required "forward" function'), _always),
    ),
    "TypeError": (
        (re.compile(rf"'({_CONTAINERS})' object is not callable"), _always),
        (
            re.compile(
                r"(?P<owner>\w+)\.forward\(\) (missing \d+ required positional arguments?: .*"
                r"|takes .* positional arguments? but \d+ were given|got an unexpected keyword argument .*)"
            ),
            _of_the_model,
        ),
    ),
    "ValueError": (
        (
            re.compile(r"(not enough|too many) values to unpack \(expected (?P<names>\d+)(, got \d+)?\)"),
            _unpacks_another_number,
        ),
    ),
    # How torch's own containers say it.
    "IndexError": ((re.compile(r"index -?\d+ is out of range"), _always),),
}


def is_sure(refusal: Refusal, model: nn.Module) -> bool:
    """Whether an exception shows a mistake whatever the model was given."""
    text = " ".join(refusal.message.split())
    return any(
        (found := pattern.fullmatch(text)) is not None and asks(model, found, refusal)
        for pattern, asks in _SURE.get(refusal.error, ())
    )
