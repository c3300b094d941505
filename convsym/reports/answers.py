"""Answers to questions in the units of the field, and for programs."""

from __future__ import annotations

from typing import Any

from convsym.query.answers import Answer, Extreme, Sizes, Value, Verdict
from convsym.query.quantities import QUANTITIES
from convsym.reports.shapes import plain, shape_text
from convsym.reports.units import count, memory
from convsym.sizes.text import pretty


def answer_text(answer: Answer) -> str:
    """An answer as one line: formulas as mathematics, amounts in units, and what it leaves open."""
    return f"{_body(answer)} ({answer.note})" if answer.note else _body(answer)


def _body(answer: Answer) -> str:
    if isinstance(answer, Value):
        if isinstance(answer.value, tuple):
            return shape_text(answer.value)
        return pretty_amount(answer.value, answer.unit)
    if isinstance(answer, Extreme) and answer.size is not None:
        units = {q.name: q.unit for q in QUANTITIES}
        there = [f"{name}={size}" for name, size in answer.sizes.items() if name != answer.name]
        there += [f"{name} {in_unit(value, units.get(name, ''))}" for name, value in answer.there.items()]
        return f"{answer.name}={answer.size}" + (f"  at {', '.join(there)}" if there else "")
    return answer.answer


def pretty_amount(value: Any, unit: str) -> str:
    """A formula, or a number with its amount in units beside it.

    >>> pretty_amount(8_178_368_512, "FLOP"), pretty_amount(7, "")
    ('8178368512 (8.18 GFLOP)', '7')
    """
    if not isinstance(value, int):
        return f"{value:.6g}" if isinstance(value, float) else pretty(value)
    shown = in_unit(value, unit)
    return str(value) if shown.split()[0] == str(value) else f"{value} ({shown})"


def in_unit(value: int, unit: str) -> str:
    """An amount in three digits; bytes in KiB, MiB and GiB."""
    return memory(value) if unit == "B" else count(value, unit)


def answer_data(answer: Answer) -> dict[str, Any]:
    """An answer for programs: formulas and conditions as Python source."""
    data: dict[str, Any] = {"question": answer.question, "answer": answer.answer}
    if isinstance(answer, Value):
        data["value"] = _plain(answer.value)
    elif isinstance(answer, Extreme):
        data |= {"size": answer.size, "sizes": dict(answer.sizes), "unbounded": answer.unbounded}
        data["there"] = dict(answer.there)
    elif isinstance(answer, Sizes):
        data |= {"where": answer.domain.describe() if answer.domain is not None else None, "sizes": list(answer)}
    elif isinstance(answer, Verdict):
        data |= {"holds": answer.holds, "left": _plain(answer.left), "right": _plain(answer.right)}
        data["counterexample"] = dict(answer.counterexample) if answer.counterexample is not None else None
        data["where"] = answer.where.describe() if answer.where is not None else None
    return data | {"note": answer.note}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, float) else plain(value)
