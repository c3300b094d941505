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
