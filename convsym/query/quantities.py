"""What of an analysis can be asked for by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis


@dataclass(frozen=True)
class Quantity:
    """A formula of an analysis: the attribute it is, what it counts ("B" for bytes), and other words for it."""

    name: str
    unit: str = ""
    words: tuple[str, ...] = ()


#: Where two have a word in common, it means the first that the analysis has.
QUANTITIES = (
    Quantity("flops", "FLOP", ("FLOPs", "FLOP")),
    Quantity("macs", "MAC", ("MACs",)),
    Quantity("backward_flops", "FLOP", ("backward FLOPs",)),
    Quantity("parameters", "", ("params",)),
    Quantity("elementwise", "", ("element-wise", "element-wise operations")),
    Quantity("peak_bytes", "B", ("peak memory", "inference memory", "memory")),
    Quantity("training_peak_bytes", "B", ("training memory", "training peak", "training peak memory")),
    Quantity("saved_bytes", "B", ("saved for backward", "saved memory")),
    Quantity("activation_bytes", "B", ("activation bytes", "activation memory", "activations", "memory")),
)


def quantities_of(analysis: Analysis) -> tuple[Quantity, ...]:
    """Those that this analysis has."""
    return tuple(q for q in QUANTITIES if hasattr(type(analysis), q.name))


def words_of(quantities: Iterable[Quantity]) -> dict[str, str]:
    """Every word for a quantity, in lower case, and the name that it stands for.

    >>> words_of(QUANTITIES)["training memory"]
    'training_peak_bytes'
    """
    found: dict[str, str] = {}
    for quantity in quantities:
        for word in (quantity.name, *quantity.words):
            found.setdefault(word.lower(), quantity.name)
    return found
