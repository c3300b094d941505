"""The inputs of one forward, by position and by name, and how far they are to be trusted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_NAMED = re.compile(r"\s*([A-Za-z_]\w*)\s*=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Given:
    """Specs for a forward: "N 3 H W", lists, tuples and dicts of them, and plain values.

    `source` says where they come from, as the end of "with inputs ..."; `stated` whether somebody said that these are
    the model's inputs, so that a failure is the model's fault.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    source: str = "given"
    stated: bool = True

    def shown(self) -> tuple[str, ...]:
        """Each input as it would be written on the command line."""
        return (*map(spelled, self.args), *(f"{name}={spelled(spec)}" for name, spec in self.kwargs.items()))


def given(specs: Iterable[str], source: str) -> Given:
    """Stated specs as they are written: "N 3 H W" by position, "mask=N H W:bool" by name.

    >>> given(["N 3 H W", "mask=N H W:bool"], "given").kwargs
    {'mask': 'N H W:bool'}
    """
    args: list[str] = []
    kwargs: dict[str, str] = {}
    for spec in specs:
        match = _NAMED.fullmatch(spec)
        if match is None:
            args.append(spec)
        else:
            kwargs[match.group(1)] = match.group(2).strip()
    return Given(tuple(args), kwargs, source)


def spelled(spec: Any) -> str:
    """One input as a person would write it.

    >>> spelled(["N C H W", "N C H//2 W//2"])
    '[N C H W, N C H//2 W//2]'
    """
    if isinstance(spec, dict):
        return "{" + ", ".join(f"{key}: {spelled(value)}" for key, value in spec.items()) + "}"
    if isinstance(spec, (list, tuple)):
        return "[" + ", ".join(map(spelled, spec)) + "]"
    return str(spec)
