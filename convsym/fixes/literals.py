"""Where the value of an argument is written: as a literal at its call, or as one anywhere in the file."""

from __future__ import annotations

import ast
import operator
import os
from collections.abc import Callable, Mapping
from typing import Any

from convsym.diagnostics import Change, Fix
from convsym.fixes.source import Source

#: A value that is written so often is no sign of where it comes from.
MOST_ELSEWHERE = 6

_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


class NoLiteral(Exception):
    """An expression holds a name."""


def at_the_call(change: Change, source: Source) -> list[Fix]:
    """Edits of the argument where the call is written.

    More than one where the line has several calls that could be meant; none where the value is no literal.
    """
    return [fix for call in _calls(change, source) if (fix := _at(call, change, source)) is not None]


def where_it_is_used(change: Change, source: Source) -> list[Fix]:
    """Edits of the literals that have the value of the argument where the block is made whose layer the call makes."""
    lines = {p.line for p in change.through if os.path.abspath(p.file) == os.path.abspath(source.file)}
    return _of_the_same_value(change, source, lambda node: node.lineno in lines)


def elsewhere(change: Change, source: Source) -> list[Fix]:
    """Edits of the literals of the file that have the value of the argument, if they are few.

    One of them may be where a name gets its value that the call is given: a default, a constant, an entry of a table.
    """
    return _of_the_same_value(change, source, lambda node: True)


def _of_the_same_value(change: Change, source: Source, stands: Callable[[ast.Constant], bool]) -> list[Fix]:
    given, wanted = _one(change.given), _one(change.wanted)
    if type(given) not in (int, str) or type(wanted) is not type(given):
        return []
    same = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and type(node.value) is type(given) and node.value == given and stands(node)
    ]
    if len(same) > MOST_ELSEWHERE:
        return []
    return [_edit(node, repr(wanted), f"{change}, by {wanted!r} instead of {given!r}", source) for node in same]


def _calls(change: Change, source: Source) -> list[ast.Call]:
    calls = list(source.calls_at(change.place.line, change.callee))
    # A call that only passes through the line is the one around it.
    return [c for c in calls if c.lineno == change.place.line] or calls


def _at(call: ast.Call, change: Change, source: Source) -> Fix | None:
    node = _argument(call, change)
    if node is None:
        return _inserted(call, change, source)
    try:
        value = value_of(node)
    except NoLiteral:
        return None
    if change.given is not None and _one(value) != _one(change.given):
        return None
    part, text = _rewritten(node, change.wanted)
    if part.lineno != part.end_lineno:
        return None
    return _edit(part, text, str(change), source)


def _argument(call: ast.Call, change: Change) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == change.argument:
            return keyword.value
    if change.position is not None and change.position < len(call.args):
        before = call.args[: change.position + 1]
        return None if any(isinstance(a, ast.Starred) for a in before) else before[-1]
    return None


def _inserted(call: ast.Call, change: Change, source: Source) -> Fix | None:
    """The argument at the end of a call that leaves it to its default."""
    parts: list[ast.expr] = [*call.args, *(k.value for k in call.keywords)]
    starred = any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords)
    if starred or not parts or not change.callee:
        return None
    last = max(parts, key=lambda p: (p.end_lineno or 0, p.end_col_offset or 0))
    line = last.end_lineno or last.lineno
    column = source.column(line, last.end_col_offset or 0)
    # A parenthesis around the last argument would take the new one inside.
    if source.lines[line - 1][column - 1 :].lstrip()[:1] not in (")", ","):
        return None
    if isinstance(last, (ast.GeneratorExp, ast.Lambda)):
        return None
    return Fix(str(change), source.file, line, column, "", f", {change.argument}={change.wanted!r}")


def _rewritten(node: ast.expr, wanted: Any) -> tuple[ast.expr, str]:
    """The part of an expression to be replaced, and its new text: of a tuple only the one element that differs."""
    if isinstance(node, ast.Call):
        return _rewritten(node.args[0], wanted)
    if isinstance(node, (ast.Tuple, ast.List)):
        values = wanted if isinstance(wanted, tuple) else (wanted,) * len(node.elts)
        if len(values) == len(node.elts):
            changed = [(e, v) for e, v in zip(node.elts, values, strict=True) if value_of(e) != v]
            if len(changed) == 1:
                return changed[0][0], repr(changed[0][1])
            text = ", ".join(map(repr, values)) + ("," if len(values) == 1 and isinstance(node, ast.Tuple) else "")
            return node, f"[{text}]" if isinstance(node, ast.List) else f"({text})"
    return node, repr(_one(wanted))


def _edit(node: ast.expr, new: str, title: str, source: Source) -> Fix:
    column, old = source.segment(node)
    return Fix(title, source.file, node.lineno, column, old, new)


def _one(value: Any) -> Any:
    """One number for a tuple of equal ones, as torch spreads it over the axes."""
    if isinstance(value, (tuple, list)):
        values = tuple(value)
        return values[0] if values and all(v == values[0] for v in values) else values
    return value


def value_of(node: ast.expr) -> Any:
    """The value of an expression in which nothing has a name.

    >>> value_of(ast.parse("16 * 4 * 4", mode="eval").body)
    256

    Raises NoLiteral when something has.
    """
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, (ast.Tuple, ast.List)):
        return tuple(value_of(element) for element in node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        try:
            return _OPERATORS[type(node.op)](_number(node.left), _number(node.right))
        except ZeroDivisionError:
            raise NoLiteral from None
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords and _makes_a_size(node.func):
        return value_of(node.args[0])
    raise NoLiteral


def _makes_a_size(function: ast.expr) -> bool:
    return getattr(function, "attr", getattr(function, "id", "")) in ("Size", "tuple", "list")


def _number(node: ast.expr) -> Any:
    value = value_of(node)
    if isinstance(value, (int, float)):
        return value
    raise NoLiteral
