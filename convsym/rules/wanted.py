"""What the user asks of models beyond that they run. Imports neither torch nor sympy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

QUANTITIES = ("flops", "macs", "parameters", "activation_bytes", "saved_bytes", "peak_bytes")

_BUDGET = re.compile(r"\s*(?P<name>[a-z_]+)\s*<=\s*(?P<limit>[\d._e+]+)\s*(?P<unit>[A-Za-z]*)\s*(?:at\s+(?P<at>.+))?")
_SIZE = re.compile(r"([A-Za-z_]\w*)\s*=\s*(\d+)")
_POWERS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5}


class BudgetError(ValueError):
    """A budget that is not written as one; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on what a model may cost at a size: a quantity in its own unit (FLOPs, elements, bytes), and the sizes.

    `limit` is exact, and `text` is how it was written.
    """

    quantity: str
    limit: int
    sizes: Mapping[str, int] = field(default_factory=dict, hash=False)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of models beyond that they run.

    `select` are codes, beginnings of codes or names of rules that are to be asked although they are not by default
    ("CS3"). `budgets`
    are limits on costs. `receptive_field` is how many input pixels, along every axis, an output is to see.
    """

    select: tuple[str, ...] = ()
    budgets: tuple[Budget, ...] = ()
    receptive_field: int | None = None


NOTHING_MORE = Wanted()


def parse_budget(text: str) -> Budget:
    """A budget from its spelling.

    The quantity is one of `QUANTITIES`, the limit may have a unit (k, M, G, T, or KiB, MiB, GiB for bytes), and where
    the quantity depends on the input, its sizes follow.

    >>> parse_budget("flops <= 4.2G at N=1,H=224,W=224").limit
    4200000000
    >>> parse_budget("activation_bytes <= 2 GiB at N=8, H=512, W=512").sizes["N"]
    8

    Raises BudgetError.
    """
    match = _BUDGET.fullmatch(text)
    if match is None:
        raise BudgetError(f"{text!r} is no budget; write one as in 'flops <= 4.2G at N=1,H=224,W=224'")
    if match["name"] not in QUANTITIES:
        raise BudgetError(f"{match['name']!r} has no budget; there are {', '.join(QUANTITIES)}")
    return Budget(match["name"], _limit(match["limit"], match["unit"], text), _sizes(match["at"], text), text.strip())


def _limit(number: str, unit: str, text: str) -> int:
    binary = unit.endswith("iB")
    prefix = "k" if unit == "KiB" else unit.removesuffix("iB").removesuffix("B")
    if prefix not in _POWERS:
        raise BudgetError(f"{unit!r} in {text!r} is no unit; write k, M, G, T, or KiB, MiB, GiB for bytes")
    try:
        return int(Fraction(number.replace("_", "")) * (1024 if binary else 1000) ** _POWERS[prefix])
    except ValueError:
        raise BudgetError(f"{number!r} in {text!r} is no number") from None


def _sizes(at: str | None, text: str) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for part in filter(None, (p.strip() for p in (at or "").split(","))):
        match = _SIZE.fullmatch(part)
        if match is None:
            raise BudgetError(f"{part!r} in {text!r} is no size; write sizes as in N=1,H=224,W=224")
        sizes[match.group(1)] = int(match.group(2))
    return sizes
