"""Words and shorthand of a question as Python's arithmetic and comparisons."""

from __future__ import annotations

import re
from collections.abc import Mapping

from convsym.query.units import without_units

#: What people write and what Python says instead; longer phrases first where one begins another.
PHRASES = (
    (r"\bat most\b|≤|\bno more than\b|\bup to\b|\bfits in\b", "<="),
    (r"\bat least\b|≥|\bno less than\b", ">="),
    (r"\b(?:more|larger|greater) than\b", ">"),
    (r"\b(?:less|smaller) than\b", "<"),
    (r"\b(?:is )?(?:not equal to|different from)\b|≠", "!="),
    (r"\b(?:is )?equal to\b|\bequals\b|\bthe same as\b", "=="),
    (r"·|×(?!\s*\d)", "*"),
)
_DIVISIBLE = re.compile(r"([\w.]+)\s+(?:is\s+|are\s+)?(?:divisible by|a multiple of)\s+(\d+)")
_BETWEEN = re.compile(r"([\w.]+)\s+(?:is\s+)?between\s+(\w+)\s+and\s+(\w+)")
_AS_LARGE = re.compile(
    r"(?:the )?([\w.]+) (?:is |are )?(?:just )?(?:as (?:large|big) as|(?:of )?the same size as) (?:the )?([\w.]+)"
)
_SIDES = re.compile(r"(?<![\w.])(\d+(?:\s*[x×]\s*\d+)+)(?![\w.])")
_ASSIGNMENT = re.compile(r"(?<![<>=!])=(?!=)")
# "layer1.0.conv1": numbers are names in the path of a module, but no names in Python.
_PATH = re.compile(r"(?<![\w.\])])(?:[A-Za-z_]\w*(?:\.\w+)+|\d+(?:\.\w+)*\.[A-Za-z_]{2}\w*(?:\.\w+)*)")
_STEP = "step_"


def as_python(text: str, words: Mapping[str, str]) -> str:
    """What was written in Python's words. ``words`` says which names stand for quantities.

    >>> as_python("H = W and memory at most 2 GiB", {"memory": "peak_bytes"})
    'H == W and peak_bytes <= 2147483648'
    >>> as_python("layer1.0.output = 7x7", {})
    'layer1.step_0.output == (7, 7)'
    """
    for word in sorted(words, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", words[word], text, flags=re.IGNORECASE)
    text = _DIVISIBLE.sub(r"\1 % \2 == 0", text)
    text = _BETWEEN.sub(r"\2 <= \1 <= \3", text)
    text = _AS_LARGE.sub(r"\1.size == \2.size", text)
    text = _SIDES.sub(lambda match: f"({', '.join(re.split(r'[x×]', match[1].replace(' ', '')))})", text)
    for phrase, said in PHRASES:
        text = re.sub(phrase, said, text)
    text = _ASSIGNMENT.sub("==", without_units(text))
    return _PATH.sub(lambda match: _steps(match[0]), text).strip()


def _steps(path: str) -> str:
    return ".".join(_STEP + part if part[0].isdigit() else part for part in path.split("."))


def as_written(name: str) -> str:
    """A step of a module's path as the module has it.

    >>> as_written("step_0"), as_written("conv1")
    ('0', 'conv1')
    """
    return name.removeprefix(_STEP) if re.fullmatch(rf"{_STEP}\d\w*", name) else name
