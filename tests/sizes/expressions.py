"""Random sizes and conditions, as Python source that both Python and convsym read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

DIVISORS = (2, 2, 2, 3, 4, 4, 5, 8, 16)


def sizes(names: str, depth: int = 3) -> st.SearchStrategy[str]:
    """Sources of integer expressions over the one-letter names."""
    leaves = st.sampled_from(list(names)) | st.integers(-6, 9).map(lambda n: f"({n})")

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        divisor = st.sampled_from(DIVISORS)
        return st.one_of(
            st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from("+-*"), inner),
            st.builds(lambda a, d: f"({a}//{d})", inner, divisor | st.integers(-4, -2)),
            st.builds(lambda a, d: f"(-(-{a}//{d}))", inner, divisor),
            st.builds(lambda a, d: f"({a} % {d})", inner, divisor),
            st.builds(lambda f, a, b: f"{f}({a}, {b})", st.sampled_from(["min", "max"]), inner, inner),
            st.builds(lambda a: f"abs({a})", inner),
        )

    return st.recursive(leaves, grown, max_leaves=2**depth)


def windows(names: str) -> st.SearchStrategy[str]:
    """Sources of sizes behind a few windows, one after the other."""
    return st.recursive(
        st.sampled_from(list(names)),
        lambda inner: st.builds(
            lambda a, b, d, c: f"(({a} + {b})//{d} + {c})",
            inner,
            st.integers(-6, 6),
            st.sampled_from(DIVISORS),
            st.integers(-1, 1),
        ),
        max_leaves=4,
    )


def affine(names: str) -> st.SearchStrategy[str]:
    """Sources of quotients, remainders and sums of sizes, of the kind that windows make."""
    name = st.sampled_from(list(names))
    small = st.integers(-4, 9)
    simple = st.one_of(
        name,
        st.builds(lambda a, b, d: f"(({a} + {b})//{d})", name, small, st.sampled_from(DIVISORS)),
        st.builds(lambda a, k, b: f"({k}*{a} + {b})", name, st.integers(1, 3), small),
    )
    return st.one_of(
        simple,
        st.builds(lambda a, b, d: f"(({a} + {b})//{d})", simple, small, st.sampled_from(DIVISORS)),
        st.builds(lambda a, d: f"({a} % {d})", simple, st.sampled_from((2, 3, 4, 6))),
        st.builds(lambda a, op, b: f"({a} {op} {b})", simple, st.sampled_from("+-"), simple),
        st.builds(lambda f, a, b: f"{f}({a}, {b})", st.sampled_from(["min", "max"]), simple, simple),
    )


def conditions(names: str) -> st.SearchStrategy[str]:
    """Sources of conditions: comparisons, divisibility, products, and what and, or, not make of them."""
    size = affine(names)
    relation = st.sampled_from(["==", "!=", ">=", "<=", "<", ">"])
    plain = st.one_of(
        st.builds(lambda a, r, n: f"{a} {r} {n}", size, relation, st.integers(0, 14)),
        st.builds(lambda a, r, b: f"{a} {r} {b}", size, relation, size),
        st.builds(lambda a, d, n: f"{a} % {d} == {n}", size, st.sampled_from((2, 3, 4, 5, 8)), st.integers(0, 2)),
        st.builds(lambda a, m, n: f"{a} in ({m}, {n})", size, st.integers(1, 9), st.integers(1, 9)),
    )
    if len(names) > 1:
        first, second = affine(names[0]), affine(names[1])
        plain |= st.one_of(
            st.builds(lambda a, b, r, n: f"{a}*{b} {r} {n}", first, second, relation, st.integers(0, 12)),
            st.builds(
                lambda k, a, b, d: f"({k}*{a}*{b}) % {d} == 0",
                st.sampled_from((1, 2, 4)),
                first,
                second,
                st.sampled_from((2, 3, 4, 6, 12)),
            ),
        )
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from(["and", "or"]), inner),
            st.builds(lambda a: f"not ({a})", inner),
        ),
        max_leaves=3,
    )


def computed(source: str, **values: int) -> Any:
    """What Python itself says."""
    return eval(source, {"math": math}, values)


def truths(source: str, grid: dict[str, npt.NDArray[np.int64]]) -> npt.NDArray[np.bool_]:
    """What Python itself says of a condition, at every point of a grid."""
    names = list(grid)
    says = eval(f"lambda {', '.join(names)}: bool({source})", {"math": math})
    return np.frompyfunc(says, len(names), 1)(*grid.values()).astype(np.bool_)


def grid_of(names: str) -> dict[str, npt.NDArray[np.int64]]:
    """All small assignments, few per symbol where there are many symbols."""
    most = {1: 300, 2: 30, 3: 12}[len(names)]
    axes = np.meshgrid(*[np.arange(1, most + 1)] * len(names), indexing="ij")
    return dict(zip(names, axes, strict=True))
