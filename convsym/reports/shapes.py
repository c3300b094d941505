"""Shapes and results as text, in the notation that input specs are written in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from convsym.graph.tensor import Tensor, dtype_name
from convsym.sizes.arithmetic import Size
from convsym.sizes.text import pretty, text


def shape_text(shape: Sequence[Size]) -> str:
    """Sizes with spaces between them; one that has spaces itself stands in parentheses.

    >>> from convsym.sizes.arithmetic import symbol
    >>> shape_text((symbol("N"), 3, symbol("H") - 4))
    'N 3 (H - 4)'
    """
    shown = [pretty(size) for size in shape]
    return " ".join(f"({s})" if re.search(r"\s[-+]\s|\bmod\b|\bif\b", s) else s for s in shown) or "()"


def across(values: Sequence[int | Fraction]) -> str:
    """One number for each spatial axis.

    >>> across([3, Fraction(1, 2)])
    '3 × 1/2'
    """
    return " × ".join(map(str, values))


def tensor_text(tensor: Tensor) -> str:
    """The shape, and the dtype where it is not float32."""
    shape, dtype = shape_text(tensor.shape), dtype_name(tensor.dtype)
    return shape if dtype == "float32" else f"{shape}:{dtype}"


def result_text(result: Any) -> list[tuple[str, str]]:
    """Every leaf of a forward's result: where it is in the result, and what it is.

    A lone tensor is named by the empty string.
    """
    from torch.utils import _pytree as pytree

    leaves, _ = pytree.tree_flatten_with_path(result)
    return [(pytree.keystr(keys), leaf_text(leaf)) for keys, leaf in leaves]


def leaf_text(leaf: Any) -> str:
    """One leaf of a result: a tensor by its shape, a size by its formula, anything else as Python shows it."""
    if isinstance(leaf, Tensor):
        return tensor_text(leaf)
    if type(leaf) is int or type(leaf).__module__.startswith(("sympy", "convsym.sizes")):
        return pretty(leaf)
    return repr(leaf)


def plain(size: Size) -> int | str:
    """A size for programs: an int, or Python source that gives the number.

    >>> from convsym.sizes.arithmetic import symbol
    >>> plain(7), plain(2 * symbol("H"))
    (7, '2*H')
    """
    return size if isinstance(size, int) else text(size)
