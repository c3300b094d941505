"""Units that numbers of a question may carry."""

from __future__ import annotations

import re
from fractions import Fraction

_DECIMAL = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_COUNTS = ("FLOP", "FLOPs", "FLOPS", "MAC", "MACs")

#: Every unit and how many of what is counted it stands for; KiB are 1024 bytes, kB are 1000.
UNITS: dict[str, int] = {
    **{f"{prefix}{count}": 1000**power for prefix, power in _DECIMAL.items() for count in _COUNTS},
    **{f"{prefix}B": 1000**power for prefix, power in _DECIMAL.items()},
    **{f"{prefix}iB": 1024**power for prefix, power in _DECIMAL.items() if prefix},
    **{prefix: 1000**power for prefix, power in _DECIMAL.items() if prefix},
}

_AMOUNT = re.compile(
    rf"(?<![\w.])(\d+(?:\.\d+)?(?:e\d+)?)\s*\*?\s*({'|'.join(sorted(map(re.escape, UNITS), key=len, reverse=True))})\b"
)


def without_units(text: str) -> str:
    """The text with plain numbers for amounts.

    >>> without_units("peak_bytes <= 1.5 GiB and flops < 4 GFLOP")
    'peak_bytes <= 1610612736 and flops < 4000000000'
    """
    return _AMOUNT.sub(lambda match: str(_plain(Fraction(match[1]) * UNITS[match[2]])), text)


def _plain(amount: Fraction) -> int | float:
    return int(amount) if amount.denominator == 1 else float(amount)
