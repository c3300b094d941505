"""Numbers in the units of the field."""

from __future__ import annotations

_THOUSANDS = ("", "k", "M", "G", "T", "P", "E")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def count(number: int, unit: str = "") -> str:
    """A count with three digits and a factor of a thousand; exact below one thousand.

    >>> count(25_557_032)
    '25.6 M'
    >>> count(8_178_368_512, "FLOP")
    '8.18 GFLOP'
    >>> count(999, "FLOP"), count(999_950)
    ('999 FLOP', '1.00 M')
    """
    value, factor = _scaled(number, 1000, len(_THOUSANDS))
    return f"{value} {_THOUSANDS[factor]}{unit}".rstrip()


def memory(number: int) -> str:
    """Bytes with three digits, in KiB, MiB, GiB of 1024.

    >>> memory(512), memory(102_228_128)
    ('512 B', '97.5 MiB')
    """
    value, factor = _scaled(number, 1024, len(_BINARY))
    return f"{value} {_BINARY[factor]}"


def seconds(value: float) -> str:
    """A time with three digits.

    >>> seconds(0.00123), seconds(2.5), seconds(4.2e-8)
    ('1.23 ms', '2.50 s', '0.0420 µs')
    """
    scale, unit = next(((s, u) for s, u in ((1, "s"), (1e3, "ms")) if value * s >= 1), (1e6, "µs"))
    return f"{value * scale:#.3g}".rstrip(".") + f" {unit}"


def share(part: float, whole: float) -> str:
    """A part of a whole in per cent.

    >>> share(1, 3), share(1, 10_000), share(0, 7)
    ('33 %', '<1 %', '0 %')
    """
    if part == 0 or whole == 0:
        return "0 %"
    per_cent = 100 * part / whole
    return f"{per_cent:.0f} %" if per_cent >= 0.5 else "<1 %"


def _scaled(number: int, base: int, most: int) -> tuple[str, int]:
    factor = 0
    value = float(number)
    while abs(value) >= base and factor + 1 < most:
        value /= base
        factor += 1
    if factor == 0:
        return str(number), 0
    value = float(f"{value:.3g}")
    # 999 950 has 1000 thousands when three digits are kept, and is shown as one million.
    if abs(value) >= base and factor + 1 < most:
        value /= base
        factor += 1
    # "#" keeps the zeros of 31.0, and leaves a dot behind 310.
    return f"{value:#.{max(3, len(str(int(abs(value)))))}g}".rstrip("."), factor
