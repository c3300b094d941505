"""What must hold for a call to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from convsym.sizes.condition import Condition
from convsym.sizes.evaluate import evaluate
from convsym.sizes.spelling import pretty


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition over sizes that torch checks when a call runs.

    `kind` names what is checked ("conv-channels"); the lint rules are keyed by it. The sentence is a
    template with its values beside it, because most requirements hold and are never printed. `mend` are arguments
    with which the call would meet it; it is empty where no one value is the obvious one.
    """

    kind: str
    condition: Condition
    template: str
    values: tuple[Any, ...] = ()
    help_template: str = ""
    mend: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def is_of_type(self) -> bool:
        """Whether an argument is of the wrong Python type, whatever the tensors are."""
        return self.kind == "whole-number"

    @property
    def claim(self) -> str:
        """One sentence that says what is asked and what is given, with both values."""
        return self.template.format(*map(_shown, self.values))

    def claim_at(self, sizes: Mapping[str, int]) -> str:
        """The sentence with the numbers that its values are at some sizes."""
        return self.template.format(*(_shown(_at(value, sizes)) for value in self.values))

    @property
    def help(self) -> str:
        """What to change, or the empty string."""
        return self.help_template.format(*map(_shown, self.values))


def _at(value: Any, sizes: Mapping[str, int]) -> Any:
    if isinstance(value, (tuple, list)):
        return tuple(_at(v, sizes) for v in value)
    names = {s.name for s in getattr(value, "free_symbols", ())}
    return evaluate(value, sizes) if names and names <= sizes.keys() else value


def _shown(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(_shown(v) for v in value) + ")"
    return value if isinstance(value, str) else pretty(value)
