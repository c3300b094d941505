"""What the survey of a file has met so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import nn


@dataclass
class Seen:
    """The classes that checked models were made of, and the names that somebody said how to build."""

    parts: dict[type, str] = field(default_factory=dict)
    roots: dict[type, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def add(self, model: nn.Module, entry: str, told: bool) -> None:
        """Take note of a checked model and of everything in it."""
        for module in model.modules():
            if module is not model:
                self.parts.setdefault(type(module), entry)
        self.roots.setdefault(type(model), entry)
        if told:
            self.told.add(type(model).__name__)
