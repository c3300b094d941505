"""One file to be examined, and how."""

from __future__ import annotations

from dataclasses import dataclass

from convsym.rules.wanted import NOTHING_MORE, Wanted


@dataclass(frozen=True, slots=True)
class Declared:
    """A model that the configuration names: the expression that builds it, its inputs, and the sizes it is meant for."""

    entry: str
    inputs: tuple[str, ...] = ()
    assume: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """All that a worker is told.

    `entry` is an expression in the names of the file, or None for every model that can be found in it. `inputs` are
    the specs of the model's inputs, or empty for those to be inferred. `assume` narrows the sizes: "H % 32 == 0".
    `text` is checked in place of what the file holds: an edit that is being tried, a buffer of an editor.
    `declared` are the models of the file that the configuration speaks of, `wanted` is what is asked of models beyond
    that they run. With `allow_effects` the code of the file may write files, open connections and start processes.
    After so many `seconds` no further model is begun.
    """

    path: str
    entry: str | None = None
    inputs: tuple[str, ...] = ()
    assume: str | None = None
    text: str | None = None
    declared: tuple[Declared, ...] = ()
    wanted: Wanted = NOTHING_MORE
    allow_effects: bool = False
    seconds: float = 45.0
