"""Expressions of a file as they are rewritten to be had outside the place they stand at."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping


def replaced(expression: ast.expr, values: Mapping[str, ast.expr]) -> ast.expr:
    """An expression in which names are replaced by what they stand for; the original stays as it is.

    >>> ast.unparse(replaced(ast.parse("f(a, b)", mode="eval").body, {"a": ast.Constant(3)}))
    'f(3, b)'
    """
    if not any(isinstance(node, ast.Name) and node.id in values for node in ast.walk(expression)):
        return expression
    new: ast.expr = _Replaced(values).visit(copy.deepcopy(expression))
    return new


#: Methods after which a model or a tensor is made and shaped as it was.
_KEEPING = frozenset(
    {
        "apply",
        "clone",
        "contiguous",
        "cpu",
        "cuda",
        "detach",
        "eval",
        "init_weights",
        "load_state_dict",
        "parameters",
        "requires_grad_",
        "reset_parameters",
        "share_memory",
        "state_dict",
        "to",
        "train",
        "zero_grad",
    }
)


def altered_names(statement: ast.AST) -> set[str]:
    """The names whose objects a statement may alter, so that they are no longer what was assigned to them.

    >>> sorted(altered_names(ast.parse("net.fc = x; del layers[0]; net.eval(); table.append(1)")))
    ['layers', 'net', 'table']
    """
    found: set[str] = set()
    for inner in ast.walk(statement):
        target: ast.AST | None = None
        if isinstance(inner, (ast.Attribute, ast.Subscript)) and isinstance(inner.ctx, (ast.Store, ast.Del)):
            target = inner
        elif isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call):
            called = inner.value.func
            target = called if isinstance(called, ast.Attribute) and called.attr not in _KEEPING else None
        while isinstance(target, (ast.Attribute, ast.Subscript, ast.Call)):
            target = target.func if isinstance(target, ast.Call) else target.value
        if isinstance(target, ast.Name):
            found.add(target.id)
    return found


def is_large(node: ast.expr) -> bool:
    """Whether an expression is written on so many lines, or so long a line, that it is a table."""
    lines = (getattr(node, "end_lineno", None) or 0) - getattr(node, "lineno", 0)
    return lines > 200 or (getattr(node, "end_col_offset", None) or 0) > 20_000


class _Replaced(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.values.get(node.id) if isinstance(node.ctx, ast.Load) else None
        return copy.deepcopy(value) if value is not None else node

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node


def last_name(called: ast.expr) -> str:
    """The last part of a dotted name; nothing where it is none.

    >>> last_name(ast.parse("torch.nn.Conv2d", mode="eval").body)
    'Conv2d'
    """
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
