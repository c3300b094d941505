"""The `>>>` examples of docstrings, as programs."""

from __future__ import annotations

import ast
import doctest
from collections.abc import Iterator
from typing import Any


def examples(tree: ast.Module) -> Iterator[ast.Module]:
    """The examples of each docstring of a file, at the line of what they explain; what does not parse is left out."""
    for node in _documented(tree):
        text = ast.get_docstring(node) or ""
        if ">>>" not in text:
            continue
        try:
            source = "".join(example.source for example in doctest.DocTestParser().get_examples(text))
            program = ast.parse(source)
        except (ValueError, SyntaxError):
            continue
        for inner in ast.walk(program):
            if isinstance(inner, (ast.stmt, ast.expr)):
                inner.lineno = inner.end_lineno = getattr(node, "lineno", 1)
        yield program


_Documented = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _documented(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Any]:
    """What may have a docstring, from the outside in."""
    yield node
    for inner in node.body:
        if isinstance(inner, _Documented):
            yield from _documented(inner)
