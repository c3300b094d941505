"""The inputs of a self-test as specs: the expressions are evaluated, and the tensors' shapes are kept."""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Mapping
from typing import Any

import torch

from convsym.check.inputs.given import Given
from convsym.check.inputs.self_test import SelfTest
from convsym.graph.tensor import dtype_name
from convsym.trace.absent import Absent
from convsym.trace.names import free_names

# An input is made, not fetched: with these alone nothing can be read, started or trained.
_BUILTINS = {name: getattr(builtins, name) for name in ("range", "list", "tuple", "dict", "int", "float", "len", "zip")}
_PLAIN = (int, float, bool, type(None))
_ROOTS = frozenset({"torch", "np", "numpy", "Variable"})
_MOST_ELEMENTS = 1 << 28


class Unreadable(Exception):
    """The inputs of a self-test cannot be had without running the file's own code."""


def specs_of(test: SelfTest, namespace: Mapping[str, Any]) -> tuple[Given, Given]:
    """The inputs with an open batch, and exactly as they are written.

    Raises Unreadable where an expression needs more than torch and numbers.
    """
    args = [_value(expression, namespace) for expression in test.args]
    kwargs = {name: _value(expression, namespace) for name, expression in test.kwargs.items()}
    batch = next((t.shape[0] for t in _tensors([*args, *kwargs.values()]) if t.ndim > 1), None)

    def all_given(batch: int | None) -> Given:
        return Given(
            tuple(_spec(a, batch) for a in args),
            {n: _spec(k, batch) for n, k in kwargs.items()},
            f"from line {test.line}",
        )

    return all_given(batch), all_given(None)


class _OnHost(ast.NodeTransformer):
    """Leaves out where a tensor is put: there is no other device here."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in ("cuda", "cpu", "detach", "requires_grad_", "to"):
            if called.attr != "to" or not any(_is_dtype(a) for a in (*node.args, *(k.value for k in node.keywords))):
                return called.value
        node.keywords = [k for k in node.keywords if k.arg not in ("device", "pin_memory")]
        return node


def _is_dtype(node: ast.expr) -> bool:
    return isinstance(getattr(torch, node.attr, None), torch.dtype) if isinstance(node, ast.Attribute) else False


def _value(expression: ast.expr, namespace: Mapping[str, Any]) -> Any:
    expression = _OnHost().visit(copy.deepcopy(expression))
    names = free_names(expression)
    scope: dict[str, Any] = {"__builtins__": _BUILTINS, "torch": torch}
    for name in names - _BUILTINS.keys() - {"torch"}:
        value = namespace.get(name)
        if type(value) is Absent or not (name in _ROOTS or isinstance(value, (*_PLAIN, tuple, list, torch.dtype))):
            raise Unreadable(name)
        scope[name] = value
    if any(isinstance(n, ast.Attribute) and n.attr in ("load", "save", "hub", "loadtxt") for n in ast.walk(expression)):
        raise Unreadable("load")
    try:
        # On meta nothing is drawn and nothing is held, however large the tensor.
        with torch.device("meta"):
            value = eval(compile(ast.Expression(ast.fix_missing_locations(expression)), "<self-test>", "eval"), scope)
    except Exception as error:
        raise Unreadable(str(error)) from None
    if any(t.numel() > _MOST_ELEMENTS for t in _tensors([value])):
        raise Unreadable("it is too large")
    return value


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for v in value for t in _tensors(v)] if isinstance(value, (list, tuple)) else []


def _spec(value: Any, batch: int | None) -> Any:
    if isinstance(value, torch.Tensor):
        shape = list(map(str, value.shape))
        if batch is not None and shape and value.shape[0] == batch:
            shape[0] = "N"
        dtype = dtype_name(value.dtype)
        return " ".join(shape) + ("" if dtype == "float32" else f":{dtype}")
    if isinstance(value, dict):
        return {key: _spec(v, batch) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_spec(v, batch) for v in value) if type(value) in (list, tuple) else value
    if isinstance(value, _PLAIN):
        return value
    raise Unreadable(type(value).__name__)
