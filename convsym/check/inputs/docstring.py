"""The shape that a docstring gives the input, where it gives exactly one."""

from __future__ import annotations

import ast
import re

from convsym.check.inputs.given import Given

_SHAPE = re.compile(r"[(\[]\s*([A-Za-z_0-9]\w*(?:\s*(?:,|\bx\b|×)\s*[A-Za-z_0-9]\w*)+)\s*[)\]]")
_INPUT = re.compile(r"(?im)^\W*(?:input|inputs|args?|x)\b.*$")


def documented(node: ast.ClassDef, forward: ast.FunctionDef) -> Given | None:
    """The shape of the one input of a forward, from its docstring or the class's; None where two could be meant."""
    parameters = [a.arg for a in forward.args.args][1:]
    required = parameters[: len(parameters) - len(forward.args.defaults)] if forward.args.defaults else parameters
    if len(required) != 1:
        return None
    for text in (ast.get_docstring(forward), ast.get_docstring(node)):
        found = _shapes(text or "", required[0])
        if len(found) == 1:
            return Given(tuple(found), source="from the docstring", stated=False)
    return None


def _shapes(text: str, parameter: str) -> set[str]:
    """The different shapes on the lines that speak of the input."""
    lines = _INPUT.findall(text) + re.findall(rf"(?m)^\W*{re.escape(parameter)}\b.*$", text)
    found = set()
    for line in lines:
        for shape in _SHAPE.findall(line.replace(r"\times", ",").replace("_{", "").replace("}", "")):
            axes = [a.strip() for a in re.split(r",|×|\bx\b", shape)]
            # The first axis is the batch, whatever letter it has; every other name is a size of its own.
            if 2 <= len(axes) <= 5 and not axes[0].isdigit():
                found.add(" ".join(["N", *(a if a != "N" else "N2" for a in axes[1:])]))
    return found
