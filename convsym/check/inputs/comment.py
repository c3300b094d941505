"""What a `# convsym:` comment at a class or function says: arguments, inputs, a condition on the sizes.

# convsym: N 3 H W
# convsym: N 3 H W; mask=N H W:bool
# convsym: Net(in_channels=3): N 3 H W if H % 32 == 0
class Net(nn.Module): ...
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass

from convsym.check.inputs.given import Given, given

_COMMENT = re.compile(r"#\s*convsym:\s*(?P<text>.+?)\s*$")
# `# convsym: ignore[CS101]` is no spec.
_DIRECTIVE = re.compile(r"[\w-]+\s*(\[|$)")
_CONDITION = re.compile(r"\sif\s")


@dataclass(frozen=True, slots=True)
class Comment:
    """A declaration beside a definition. `entry` is the call that builds the model, or None for one by defaults."""

    line: int
    entry: str | None
    inputs: Given | None
    assume: str | None


def comments(source: str) -> dict[int, str]:
    """The `# convsym:` comments of a file by line, directives such as `ignore[...]` left out."""
    found: dict[int, str] = {}
    if "convsym:" not in source:
        return found
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            match = _COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
            if match is not None and not _DIRECTIVE.match(match["text"]):
                found[token.start[0]] = match["text"]
    except (tokenize.TokenError, SyntaxError):
        # The part of the file that can be read has been.
        pass
    return found


def declared(node: ast.ClassDef | ast.FunctionDef, said: dict[int, str]) -> Comment | None:
    """What the comment at a definition says: above it, on its line, or before the first statement of its body."""
    first = min((d.lineno for d in node.decorator_list), default=node.lineno)
    above = first - 1
    lines = list(range(first, node.body[0].lineno))
    while above in said:
        lines.insert(0, above)
        above -= 1
    line = next((n for n in lines if n in said), None)
    return read(said[line], node.name, line) if line is not None else None


def read(text: str, name: str, line: int) -> Comment:
    """A comment's text as a declaration for the definition of that name.

    >>> read("Net(3): N 3 H W; mask=N H W:bool if H > 4", "Net", 1).entry
    'Net(3)'
    """
    entry, rest = None, text
    call = re.match(re.escape(name) + r"\s*\(", text)
    if call is not None:
        end = _closing(text, call.end() - 1)
        if end is not None:
            entry, rest = text[: end + 1], text[end + 1 :].lstrip().removeprefix(":")
    specs, *condition = _CONDITION.split(rest, maxsplit=1)
    parts = [part.strip().strip("\"'") for part in specs.split(";") if part.strip()]
    inputs = given(parts, "declared in a comment") if parts else None
    return Comment(line, entry, inputs, condition[0].strip() if condition else None)


def _closing(text: str, start: int) -> int | None:
    """Where the bracket that opens at `start` is closed."""
    depth = 0
    for position in range(start, len(text)):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return None
