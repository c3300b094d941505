"""Values of tensors that are drawn only when somebody reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree as pytree
from torch.utils.weak import WeakIdKeyDictionary

Step = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
KEPT_ELEMENTS = 1 << 20


class Unread(Exception):
    """The value was not kept, because it was large or came from a tensor without one."""


class Drawn:
    """How the value of a tensor comes about: a source, then in-place steps.

    The value is made at the first reading and kept, so that two readings agree. `plain` says that it comes from a
    factory and fills alone, not from what other tensors hold.
    """

    __slots__ = ("_source", "_steps", "_value", "plain")

    def __init__(self, source: Callable[[], torch.Tensor], plain: bool = False) -> None:
        self._source: Callable[[], torch.Tensor] | None = source
        self._steps: list[Step] = []
        self._value: torch.Tensor | None = None
        self.plain = plain

    @classmethod
    def of(cls, value: torch.Tensor) -> Drawn:
        """A value that is there already; a large one is not kept, so as to hold no weights."""
        if value.numel() > KEPT_ELEMENTS:
            return cls(_unread)
        return cls(lambda: value)

    def refill(self, source: Callable[[], torch.Tensor], step: Step) -> None:
        """Start anew: a fill makes what was before irrelevant."""
        self._source, self._value, self._steps, self.plain = source, None, [step], True

    def then(self, step: Step) -> None:
        """Change the value in place once it is made."""
        self._steps.append(step)
        self.plain = self.plain and not any(isinstance(a, torch.Tensor) for a in step[1])

    def copied(self) -> Drawn:
        """The value as it is now, untouched by later steps."""
        if self._value is not None and not self._steps:
            return Drawn(self._value.clone)
        assert self._source is not None or self._value is not None
        copy = Drawn(self._source if self._value is None else self._value.clone, self.plain)  # type: ignore[arg-type]
        copy._steps = list(self._steps)
        return copy

    def value(self) -> torch.Tensor:
        """The value, drawn now if it has not been.

        Raises Unread when it was not kept.
        """
        value = self._value
        if value is None:
            assert self._source is not None
            value = self._source()
        # The steps are dropped only after all of them went well, so that a failure can be met again.
        with torch.no_grad():
            for function, args, kwargs in self._steps:
                function(value, *real(args), **real(kwargs))
        self._value, self._source, self._steps = value, None, []
        return value


def real(arguments: Any) -> Any:
    """Arguments with every lazy value among them drawn."""
    return pytree.tree_map_only(Drawn, lambda d: d.value(), arguments)


def _unread() -> torch.Tensor:
    raise Unread


class DrawnTensors:
    """Which tensors have a value to be drawn. Tensors are told apart by identity, and forgotten when they are gone."""

    def __init__(self) -> None:
        self._table: Any = WeakIdKeyDictionary()

    def get(self, tensor: torch.Tensor) -> Drawn | None:
        """The value of a tensor, or None."""
        found: Drawn | None = self._table.get(tensor)
        return found

    def pop(self, tensor: torch.Tensor) -> Drawn | None:
        """The value of a tensor, or None; it is forgotten here."""
        found: Drawn | None = self._table.pop(tensor, None)
        return found

    def __getitem__(self, tensor: torch.Tensor) -> Drawn:
        found: Drawn = self._table[tensor]
        return found

    def __setitem__(self, tensor: torch.Tensor, drawn: Drawn) -> None:
        self._table[tensor] = drawn

    def __contains__(self, tensor: object) -> bool:
        return tensor in self._table

    def __len__(self) -> int:
        return len(self._table)

    def tensors(self) -> list[torch.Tensor]:
        """The tensors that are still there."""
        return list(self._table.keys())

    def clear(self) -> None:
        """Forget all."""
        self._table.clear()
