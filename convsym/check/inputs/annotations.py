"""Shapes that annotations state: jaxtyping's `Float[Tensor, "b 3 h w"]` and whatever else spells one in a string."""

from __future__ import annotations

import ast
import re

from convsym.check.inputs.given import Given

_DTYPES = {
    "Float": "float32",
    "Float16": "float16",
    "Float32": "float32",
    "Float64": "float64",
    "BFloat16": "bfloat16",
    "Int": "int64",
    "Int8": "int8",
    "Int16": "int16",
    "Int32": "int32",
    "Int64": "int64",
    "Integer": "int64",
    "UInt8": "uint8",
    "Bool": "bool",
}
_NAME = re.compile(r"[A-Za-z_]\w*")
_AXIS = re.compile(r"[A-Za-z_0-9+*/%()-]+")


def annotated(forward: ast.FunctionDef) -> Given | None:
    """The inputs, where every parameter without a default has a shape in its annotation."""
    parameters = [*forward.args.posonlyargs, *forward.args.args][1:]
    required = parameters[: len(parameters) - len(forward.args.defaults)] if forward.args.defaults else parameters
    specs = [shape_of(p.annotation, position) for position, p in enumerate(required)]
    if not specs or any(spec is None for spec in specs):
        return None
    return Given(tuple(specs), source="from the annotations of forward")


def shape_of(annotation: ast.expr | None, position: int = 0) -> str | None:
    """The spec that an annotation states, or None.

    >>> shape_of(ast.parse('Float[Tensor, "batch 3 height=224 *rest"]', mode="eval").body) is None
    True
    >>> shape_of(ast.parse('Int[Tensor, "batch length"]', mode="eval").body)
    'batch length:int64'
    """
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return shape_of(ast.parse(annotation.value, mode="eval").body, position)
        except SyntaxError:
            return None
    if not isinstance(annotation, ast.Subscript):
        return None
    inside = annotation.slice
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    kind = ast.unparse(annotation.value).rpartition(".")[2]
    shape = parts[-1]
    if not isinstance(shape, ast.Constant) or not isinstance(shape.value, str):
        return None
    if kind not in _DTYPES and not any(isinstance(p, (ast.Name, ast.Attribute)) for p in parts[:-1]):
        return None
    axes = [_axis(axis, position, n) for n, axis in enumerate(shape.value.split())]
    if not axes or any(axis is None for axis in axes):
        return None
    dtype = _DTYPES.get(kind, "float32")
    return " ".join(filter(None, axes)) + ("" if dtype == "float32" else f":{dtype}")


def _axis(axis: str, position: int, number: int) -> str | None:
    """One axis of jaxtyping; None for axes of unknown number and for those that broadcast."""
    if axis.startswith(("*", "#", "...")):
        return None
    if axis.startswith("_"):
        # An axis that nobody names is another one each time.
        return f"any{position}_{number}"
    name, equals, size = axis.removeprefix("?").partition("=")
    chosen = size if equals else name
    return chosen if _AXIS.fullmatch(chosen) else None
