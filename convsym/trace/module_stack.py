"""Which modules a run is inside of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch import nn

from convsym.graph.place import Place


class ModuleStack:
    """The modules whose calls have not returned yet, the innermost one last.

    `names` are their qualified names and `definitions` the lines that made them, by identity. `leaf` is the module
    whose call is one operation, while its rule is asked.
    """

    def __init__(self, names: Mapping[int, str], definitions: Mapping[int, Place]) -> None:
        self.names = names
        self.definitions = definitions
        self.leaf: nn.Module | None = None
        self._entered: list[tuple[nn.Module, str]] = []

    def __len__(self) -> int:
        return len(self._entered)

    @contextmanager
    def entered(self, module: nn.Module) -> Iterator[str]:
        """Inside, this module is the innermost one; gives its qualified name."""
        path = self.names.get(id(module)) or self.path
        self._entered.append((module, path))
        try:
            yield path
        finally:
            self._entered.pop()

    @contextmanager
    def as_leaf(self, module: nn.Module) -> Iterator[None]:
        """Inside, the call of this module is one operation."""
        before, self.leaf = self.leaf, module
        try:
            yield
        finally:
            self.leaf = before

    @property
    def path(self) -> str:
        """The qualified name of the innermost module."""
        return self._entered[-1][1] if self._entered else ""

    @property
    def training(self) -> bool:
        """The mode of the innermost module."""
        return self._entered[-1][0].training if self._entered else False

    @property
    def outermost_training(self) -> bool:
        """The mode of the whole model."""
        return self._entered[0][0].training if self._entered else False

    @property
    def definition(self) -> Place | None:
        """The line that made the innermost module, where that is known."""
        return self.definitions.get(id(self._entered[-1][0])) if self._entered else None
