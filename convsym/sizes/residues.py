"""Short ways to write a finite set of numbers, and a set of remainders."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import sympy

#: Lists longer than this are not written out.
LONGEST_LIST = 8
MOST_RANGES = 4


def ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as runs without gaps."""
    if isinstance(numbers, range) and numbers.step == 1:
        return [(numbers[0], numbers[-1])]
    found: list[tuple[int, int]] = []
    for n in numbers:
        if found and found[-1][1] == n - 1:
            found[-1] = (found[-1][0], n)
        else:
            found.append((n, n))
    return found


def both(*texts: str) -> str:
    """The texts that say something, with ``and`` between them; what has an ``or`` in it gets parentheses."""
    said = [text for text in texts if text]
    return " and ".join(f"({text})" if len(said) > 1 and has_or(text) else text for text in said)


def has_or(text: str) -> bool:
    """Whether an ``or`` stands outside all parentheses."""
    depth = 0
    for i, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth and text.startswith(" or ", i):
            return True
    return False


def _range_text(name: str, low: int, high: int, least: int) -> str:
    if low == high:
        return f"{name} == {low}"
    if low == least:
        return f"{name} <= {high}"
    return f"{low} <= {name} <= {high}"


def _list_text(name: str, numbers: Sequence[int], word: str = "in") -> str:
    return f"{name} {word} ({', '.join(map(str, numbers))})"


def finite_text(name: str, numbers: Sequence[int], least: int = 1) -> str:
    """Words for a finite set of positive numbers, ascending.

    >>> finite_text("H", [32, 48, 64, 80])
    'H % 16 == 0 and 32 <= H <= 80'
    """
    runs = ranges(numbers)
    if len(runs) == 1:
        return _range_text(name, *runs[0], least)
    if len(numbers) <= 3:
        return _list_text(name, numbers)
    low, high = numbers[0], numbers[-1]
    regular = _regular(name, numbers)
    if regular is not None:
        return both(regular, f"{low} <= {name} <= {high}")
    if len(numbers) <= LONGEST_LIST:
        return _list_text(name, numbers)
    holes = sorted(set(range(low, high + 1)) - set(numbers)) if high - low < 10**6 else []
    if 0 < len(holes) <= MOST_RANGES:
        rest = f"{name} != {holes[0]}" if len(holes) == 1 else _list_text(name, holes, "not in")
        return both(_range_text(name, low, high, least), rest)
    if len(runs) <= MOST_RANGES:
        return " or ".join(_range_text(name, a, b, least) for a, b in runs)
    if len(numbers) <= 4 * LONGEST_LIST:
        return _list_text(name, numbers)
    return " or ".join(_range_text(name, a, b, least) for a, b in runs)


def _regular(name: str, numbers: Sequence[int]) -> str | None:
    """The remainders all numbers between the first and the last share, where that describes them."""
    low, high = numbers[0], numbers[-1]
    for modulus in range(2, min(1024, (high - low) // 2 + 1)):
        residues = sorted({n % modulus for n in numbers})
        if len(residues) * 2 > modulus + 1 and len(residues) != modulus - 1:
            continue
        count = sum((high - r) // modulus - (low - 1 - r) // modulus for r in residues)
        if count == len(numbers):
            return residues_text(name, residues, modulus)
    return None


def residues_text(name: str, residues: list[int], modulus: int) -> str:
    """Words for all numbers with these remainders; empty for all numbers.

    >>> residues_text("H", [0, 15], 16)
    'H % 16 in (0, 15)'
    """
    if len(residues) == modulus:
        return ""
    rest = f"{name} % {modulus}"
    if len(residues) == 1:
        return f"{rest} == {residues[0]}"
    others = sorted(set(range(modulus)) - set(residues))
    if len(others) == 1:
        return f"{rest} != {others[0]}"
    split = _split(name, residues, modulus)
    if split is not None:
        return split
    if len(residues) <= 3:
        return _list_text(rest, residues)
    runs = ranges(residues)
    if len(runs) == 1:
        low, high = runs[0]
        if high == modulus - 1:
            return f"{rest} >= {low}"
        return _range_text(rest, low, high, 0)
    holes = ranges(others)
    if len(holes) == 1:
        # One run that goes round the end, as a ceiling leaves it.
        behind = modulus - 1 - holes[0][1]
        return f"({name} + {behind}) % {modulus} <= {len(residues) - 1}"
    if len(residues) <= LONGEST_LIST:
        return _list_text(rest, residues)
    if len(others) <= LONGEST_LIST:
        return _list_text(rest, others, "not in")
    if len(runs) <= MOST_RANGES:
        return " or ".join(_range_text(rest, a, b, 0) for a, b in runs)
    return _list_text(rest, residues)


def _split(name: str, residues: list[int], modulus: int) -> str | None:
    """Separate words for the prime powers of the modulus, where the remainders are independent."""
    powers = [p**e for p, e in sympy.factorint(modulus).items()]
    if len(powers) < 2:
        return None
    each = [sorted({r % q for r in residues}) for q in powers]
    if prod(map(len, each)) != len(residues):
        return None
    words = [residues_text(name, found, q) for found, q in zip(each, powers, strict=True)]
    return both(*sorted(words, key=len))
