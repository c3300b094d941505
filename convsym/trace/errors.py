"""What can go wrong while a model is loaded, built or traced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convsym.graph.place import Place

#: What an exception says is shown up to so many characters.
LONGEST = 300


def said_by(error: BaseException) -> str:
    """What an exception says, as text that can be printed; nothing where it says nothing, or fails to."""
    try:
        text = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return ""
    return text.encode(errors="backslashreplace").decode()


def in_one_line(error: BaseException) -> str:
    """What an exception says, as a part of a sentence."""
    text = " ".join(said_by(error).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


class Unsupported(Exception):
    """An operation or a use of one that no rule knows and torch cannot tell without running it."""


class EndlessQuestions(BaseException):
    """One line asks of ever larger sizes, as a loop does that halves until little is left.

    No ``Exception``, because the model's own code is not to catch it.
    """


class BrokenRule(Unsupported):
    """A rule of a plug-in failed, which says nothing about the model."""


class BadInput(Exception):
    """Something that the user gave cannot be used; the message is one sentence that says what to do."""


class LoadError(BadInput):
    """A model cannot be had from a file or a package.

    `place` is the line to look at, `related` are the lines that led there, `help` says what to do.
    """

    def __init__(
        self, message: str, place: Place | None = None, related: tuple[Place, ...] = (), help: str = ""
    ) -> None:
        super().__init__(message)
        self.place = place
        self.related = related
        self.help = help


class BadTarget(LoadError):
    """There is no such file, or what was asked for is no target."""


class DoesNotParse(LoadError):
    """The file is no Python."""


class DoesNotImport(LoadError):
    """A statement that the model needs raised while the file was read."""


class NoSuchName(LoadError):
    """The file has no such name."""


class NeedsArguments(LoadError):
    """A class or function cannot be called without arguments."""


class NoModule(LoadError):
    """What was built is no nn.Module."""


@dataclass(frozen=True, slots=True)
class Construction:
    """A layer of torch that refused its arguments: its class and what it was called with."""

    layer: type
    arguments: Mapping[str, Any]


class ConstructionError(LoadError):
    """The constructor of a model raised; `layer` says which layer of torch did, where one did."""

    def __init__(
        self,
        message: str,
        place: Place | None = None,
        related: tuple[Place, ...] = (),
        help: str = "",
        error: str = "",
        layer: Construction | None = None,
    ) -> None:
        super().__init__(message, place, related, help)
        self.error = error
        self.layer = layer
