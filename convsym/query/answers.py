"""What questions are answered with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from convsym.sizes.arithmetic import Size
from convsym.sizes.domain import Domain
from convsym.sizes.members import ranges_text
from convsym.sizes.text import latex, text


@dataclass(frozen=True)
class Answer:
    """What was asked, and a sentence that answers it.

    `note` says what the answer leaves open, and is empty where it is exact and complete.
    """

    question: str
    note: str = field(default="", kw_only=True)

    @property
    def answer(self) -> str:
        """The answer in words, without the note."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.answer} ({self.note})" if self.note else self.answer

    def __repr__(self) -> str:
        return f"<{self.question}: {self}>"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p><code>{escape(self.question)}</code><br><b>{escape(self.answer)}</b> {escape(self.note)}</p>"


@dataclass(frozen=True, repr=False)
class Value(Answer):
    """A size, a shape or a real number: a formula, or a number where the sizes are told.

    `unit` is what it counts: "FLOP", "MAC", "B" for bytes, "" for anything else.
    """

    value: Any
    unit: str = ""

    @property
    def answer(self) -> str:
        if isinstance(self.value, tuple):
            return "(" + ", ".join(map(_text, self.value)) + ("," if len(self.value) == 1 else "") + ")"
        return _text(self.value)

    def _repr_latex_(self) -> str:
        if isinstance(self.value, tuple):
            return "$\\left(" + ", ".join(map(_latex, self.value)) + "\\right)$"
        return f"${_latex(self.value)}$"


def _text(value: Any) -> str:
    return str(value) if isinstance(value, (int, float)) else text(value)


def _latex(value: Any) -> str:
    return str(value) if isinstance(value, (int, float)) else latex(value)


@dataclass(frozen=True, repr=False)
class Extreme(Answer):
    """The largest or smallest value of one size, and the whole input there.

    `size` is None where there is none: no size fits, or there is always a larger one, which `unbounded` tells apart.
    `there` has what the condition speaks of at that input, by name.
    """

    name: str
    size: int | None
    sizes: Mapping[str, int] = field(default_factory=dict)
    there: Mapping[str, int] = field(default_factory=dict)
    unbounded: bool = False

    @property
    def answer(self) -> str:
        if self.size is None:
            return f"{self.name} has no largest size" if self.unbounded else "no size"
        others = [f"{name}={size}" for name, size in self.sizes.items() if name != self.name]
        values = [f"{name} = {value}" for name, value in self.there.items()]
        beside = "; ".join(filter(None, (", ".join(others), ", ".join(values))))
        return f"{self.name}={self.size}" + (f" (with {beside})" if beside else "")

    def __int__(self) -> int:
        if self.size is None:
            raise ValueError(f"{self.question}: {self.answer}")
        return self.size


@dataclass(frozen=True, repr=False)
class Sizes(Answer):
    """All sizes where something holds: the exact set, and, for the sizes asked for, its members up to a bound.

    Iterating gives them as dicts, `len` counts them.
    """

    domain: Domain | None
    names: tuple[str, ...] = ()
    members: tuple[tuple[int, ...], ...] = ()
    bound: int = 0

    @property
    def answer(self) -> str:
        if self.domain is None:
            return "no size"
        if len(self.names) != 1 or not self.members:
            return self.domain.describe()
        return f"{self.names[0]} = {ranges_text([member[0] for member in self.members])}"

    def __iter__(self) -> Iterator[dict[str, int]]:
        return (dict(zip(self.names, member, strict=True)) for member in self.members)

    def __len__(self) -> int:
        return len(self.members)

    def __bool__(self) -> bool:
        return self.domain is not None


@dataclass(frozen=True, repr=False)
class Verdict(Answer):
    """Whether a claim holds for every size for which the model runs; if not, the smallest size where it does not.

    `holds` is None where neither is proved. `left` and `right` are the two sides of the claim at the counterexample.
    `where` is the set where it holds, None where there is no such size.
    """

    holds: bool | None
    counterexample: Mapping[str, int] | None = None
    left: Any = None
    right: Any = None
    where: Domain | None = None

    @property
    def answer(self) -> str:
        if self.holds:
            return "yes"
        if self.counterexample is None:
            return "no counterexample found"
        sizes = ", ".join(f"{name}={size}" for name, size in self.counterexample.items())
        sides = f", where it is {_shown(self.left)} and {_shown(self.right)}" if self.left is not None else ""
        there = f"; it holds where {self.where.describe()}" if self.where is not None else "; it holds nowhere"
        return f"no: not at {sizes}{sides}{there}"

    def __bool__(self) -> bool:
        if self.holds is None:
            raise ValueError(f"{self.question}: {self}")
        return self.holds


def _shown(side: Size | tuple[Size, ...]) -> str:
    return str(side)
