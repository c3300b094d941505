"""How the file itself calls a class or function: in other classes, in factories, in the examples of docstrings."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from convsym.check.expressions import altered_names, last_name, replaced
from convsym.trace.names import children, free_names

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Names that stand for other names, and so on: so far they are followed.
_DEPTH = 4
_LARGEST = 400

#: What the names of a function stand for; None where that is not known.
Values = Mapping[str, ast.expr | None]


@dataclass(frozen=True)
class Call:
    """A call as it stands in the file, and what the names around it stand for."""

    node: ast.Call
    values: Values


@dataclass(frozen=True)
class Written:
    """The arguments of a call that can be had outside the place it stands at, as source, by the names of their
    parameters: those given by position, and those given by name."""

    placed: Mapping[str, str]
    named: Mapping[str, str]


def calls_of(trees: Sequence[ast.Module], names: Container[str]) -> dict[str, list[Call]]:
    """The calls of these names in some programs, but for those that a class makes of itself."""
    found: dict[str, list[Call]] = {}
    for tree in trees:
        for name, call in _calls(tree, names, {}, frozenset()):
            found.setdefault(name, []).append(call)
    return found


def _calls(node: ast.AST, names: Container[str], values: Values, inside: frozenset[str]) -> Iterator[tuple[str, Call]]:
    for child in children(node):
        within, around = inside, values
        if isinstance(child, ast.ClassDef):
            within = inside | {child.name}
        elif isinstance(child, _Function):
            around = {**values, **_values(child)}
        elif isinstance(child, ast.Call) and (name := last_name(child.func)) in names and name not in inside:
            yield name, Call(child, values)
        yield from _calls(child, names, around, within)


def _values(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, ast.expr | None]:
    """Defaults of parameters, and what is assigned once and then left as it is.

    A default of None is there to be replaced.
    """
    arguments = function.args
    placed = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(placed) - len(arguments.defaults))
    found: dict[str, ast.expr | None] = {}
    for name, default in (
        *zip(placed, (*missing, *arguments.defaults), strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ):
        found[name.arg] = None if isinstance(default, ast.Constant) and default.value is None else default
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            found[extra.arg] = None
    assigned = {
        id(inner.targets[0]): inner.value
        for inner in ast.walk(function)
        if isinstance(inner, ast.Assign) and len(inner.targets) == 1
    }
    for inner in ast.walk(function):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            found[inner.id] = None if inner.id in found else assigned.get(id(inner))
    return {**found, **dict.fromkeys(altered_names(function) & found.keys())}


def written(call: Call, parameters: Sequence[inspect.Parameter], known: Container[str]) -> Written | None:
    """The arguments of a call, by the parameters of what is called; None where it does not fit them.

    `known` are the names of the file that have a value.
    """
    node = call.node
    placeable = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(node.args) > len(placeable) or any(isinstance(a, ast.Starred) for a in node.args):
        return None
    placed = {p.name: _closed(a, call.values, known) for p, a in zip(placeable, node.args, strict=False)}
    named = {k.arg: _closed(k.value, call.values, known) for k in node.keywords if k.arg is not None}
    if not named.keys() <= {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}:
        return None
    return Written(
        {n: text for n, text in placed.items() if text is not None},
        {n: text for n, text in named.items() if text is not None},
    )


def _closed(expression: ast.expr, values: Values, known: Container[str]) -> str | None:
    """An expression in names that the file has; None where that is not to be had."""
    for _ in range(_DEPTH):
        names = free_names(expression) & values.keys()
        standing = {n: value for n in names if (value := values[n]) is not None}
        if len(standing) < len(names) or sum(1 for _ in ast.walk(expression)) > _LARGEST:
            return None
        if not standing:
            break
        expression = replaced(expression, standing)
    free = free_names(expression)
    if free & values.keys() or not all(n in known or hasattr(builtins, n) for n in free):
        return None
    return ast.unparse(expression)
