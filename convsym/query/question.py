"""What is asked: the kind of a question, and the expressions in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from convsym.query.wording import as_python
from convsym.sizes.spelling import SpellingError


class QuestionError(SpellingError):
    """A question that cannot be answered; the message is one sentence that says why, and what could be asked."""


class Kind(Enum):
    """What is wanted: an expression's value or a claim's truth, the largest or the smallest size, all of them, or whether
    the model runs."""

    VALUE = "value"
    LARGEST = "largest"
    SMALLEST = "smallest"
    ALL = "all"
    RUNS = "runs"


@dataclass(frozen=True)
class Question:
    """A question taken apart, its expressions in Python's words.

    `names` are the sizes asked for, empty for all of them; `expression` is what a VALUE is wanted of, `condition` what
    must hold ("" for nothing), and `bound` the largest size that is listed, None where none was given.
    """

    asked: str
    kind: Kind
    expression: str = ""
    names: tuple[str, ...] = ()
    condition: str = ""
    bound: int | None = None


_WHERE = r"(?:where|with|if|when|while|given|such that|so that|for which|at)"
_BOUND = re.compile(r"[\s,]*\b(?:up to|below|until)\s+(\d+)\s*$")
_EXTREMES = {
    "largest greatest biggest highest max maximum maximal": Kind.LARGEST,
    "smallest least lowest min minimum minimal": Kind.SMALLEST,
}
_ALL = r"(?:all|every|each|which|list)\s+(?:the\s+)?(?P<names>[\w\s,]+?)|(?P<sizes>sizes)"
_SOLVE = r"(?:solve\s+)(?P<condition>.+?)\s+for\s+(?P<names>[\w\s,]+)"
_RUNS = re.compile(
    r"(?:(?:does|will|can) (?:it|this|the model) )?(?:runs?|works?)"
    r"(?:\s+(?:at|for|with|where|when|if)\s+(?P<condition>.+))?"
    r"|(?:does|do|will|can) (?P<sizes>.+?) (?:run|work)",
    re.IGNORECASE | re.DOTALL,
)
_RANGE = re.compile(r"(all|every|each|which|list) (\w+) (?:between|from) (\w+) (?:and|to) (\w+)", re.IGNORECASE)
# What people begin with before they name what they want to know.
_POLITE = re.compile(r"(?:what (?:is|are)|how (?:many|much)|give me|show|the|number of|total)\s+", re.IGNORECASE)
_OF = re.compile(r"(?P<what>[A-Za-z_]\w*(?:[ .]shape)?) of (?:the )?(?P<module>[\w.]+)")
_PREFIX = re.compile(r"[kMGT](?=FLOP|MAC)")
_NO_NAMES = {"size", "sizes", "input", "inputs", "shapes", "shape", ""}


def read_question(asked: str, words: Mapping[str, str]) -> Question:
    """A question from what was written. ``words`` says which names stand for quantities.

    >>> read = read_question("largest N with H = 512", {})
    >>> read.kind, read.names, read.condition
    (<Kind.LARGEST: 'largest'>, ('N',), 'H == 512')

    Raises QuestionError when nothing is asked.
    """
    text = asked.strip().rstrip("?").strip()
    if not text:
        raise QuestionError(
            'nothing is asked; try "flops", "largest N with H = W = 512" or "output.shape == input.shape"'
        )

    def python(part: str | None) -> str:
        return as_python(part or "", words)

    for begins, kind in _EXTREMES.items():
        match = re.fullmatch(
            rf"(?:the\s+)?(?:{'|'.join(begins.split())})\s+(?P<names>[\w\s,]+?)(?:\s*,?\s+{_WHERE}\s+(?P<condition>.+))?",
            text,
            re.IGNORECASE | re.DOTALL,
        )
        if match is not None:
            return Question(asked, kind, names=_names(match["names"]), condition=python(match["condition"]))
    text = _RANGE.sub(r"\1 \2 where \3 <= \2 <= \4", text)
    match = _RUNS.fullmatch(text)
    if match is not None:
        return Question(asked, Kind.RUNS, condition=python(match["condition"] or match["sizes"]))
    return _all(asked, text, python) or _value(asked, text, python)


def _all(asked: str, text: str, python: Callable[[str | None], str]) -> Question | None:
    bound = _BOUND.search(text)
    body = text[: bound.start()] if bound is not None else text
    match = re.fullmatch(_SOLVE, body, re.DOTALL)
    if match is None:
        early = r"(?:\s+up to\s+(?P<bound>\d+))?"
        match = re.fullmatch(rf"(?:{_ALL}){early}(?:\s*,?\s+{_WHERE}\s+(?P<condition>.+))?", body, re.DOTALL)
        if match is not None and match["bound"]:
            return Question(
                asked, Kind.ALL, "", _names(match["names"]), python(match["condition"]), int(match["bound"])
            )
    if match is None:
        return None
    limit = int(bound[1]) if bound is not None else None
    return Question(asked, Kind.ALL, "", _names(match["names"]), python(match["condition"]), limit)


def _value(asked: str, text: str, python: Callable[[str | None], str]) -> Question:
    parts = re.split(rf"\s*,?\s+{_WHERE}\s+(?!most\b|least\b)", text, maxsplit=1)
    wanted = parts[0]
    while (polite := _POLITE.match(wanted)) is not None:
        wanted = wanted[polite.end() :]
    wanted = _PREFIX.sub("", wanted, count=1) if _PREFIX.match(wanted) else wanted
    of = _OF.fullmatch(wanted)
    if of is not None:
        wanted = f"{of['module']}.{of['what'].replace(' ', '.')}"
    return Question(asked, Kind.VALUE, python(wanted), (), python(parts[1] if len(parts) > 1 else None))


def _names(text: str | None) -> tuple[str, ...]:
    found = [name for name in re.split(r"[\s,]+|\band\b", text or "") if name.lower() not in _NO_NAMES]
    return tuple(found)
