"""torch.einsum against eager torch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.oracle import agree

PATIENT = settings(deadline=None)
SIZES = {"a": 2, "b": 3, "c": 4, "d": 1, "Z": 5}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, list[torch.Tensor]]:
    """An equation with one to three operands of some layout, mostly one that torch takes."""
    parts, operands = [], []
    for _ in range(draw(st.integers(1, 3))):
        letters = draw(st.lists(st.sampled_from(sorted(SIZES)), max_size=3))
        shape = [SIZES[x] for x in letters]
        if draw(st.integers(0, 4)) == 0:
            at = draw(st.integers(0, len(letters)))
            hidden = draw(st.sampled_from([[], [2], [6, 2], [1, 2]]))
            letters, shape = [*letters[:at], "...", *letters[at:]], [*shape[:at], *hidden, *shape[at:]]
        for axis in range(len(shape)):
            if draw(st.integers(0, 15)) == 0:
                shape[axis] = draw(st.sampled_from([1, 7]))
        parts.append("".join(letters))
        tensor = torch.ones(shape)
        if len(shape) > 1 and draw(st.booleans()):
            tensor = tensor.transpose(0, 1).contiguous().transpose(0, 1)
        operands.append(tensor)
    equation = ",".join(parts)
    if draw(st.booleans()):
        known = sorted({x for x in equation if x.isalpha()})
        output = draw(st.lists(st.sampled_from(known), unique=draw(st.integers(0, 9)) > 0)) if known else []
        if "..." in equation and draw(st.integers(0, 4)):
            output.insert(draw(st.integers(0, len(output))), "...")
        equation += "->" + "".join(output)
    return equation, operands


@PATIENT
@given(calls())
def test_any_equation(call: tuple[str, list[torch.Tensor]]) -> None:
    equation, operands = call
    agree(torch.einsum, equation, *operands)


@pytest.mark.sweep
@settings(deadline=None, max_examples=5000)
@given(calls())
def test_very_many_equations(call: tuple[str, list[torch.Tensor]]) -> None:
    equation, operands = call
    agree(torch.einsum, equation, *operands)


@pytest.mark.parametrize(
    "equation",
    ["ij,jk", "ij, jk -> ki", "bij,bjk->bki", "bhid,bhjd->bhij", "bhij,bhjd->bihd", "i,j->ji", "ii->i", "ii", "ij->ji"],
)
def test_equations_of_models(equation: str) -> None:
    operands = [torch.ones([3] * len(part.strip())) for part in equation.partition("->")[0].split(",")]
    agree(torch.einsum, equation, *operands)


@pytest.mark.parametrize(
    "equation",
    ["ij,jk->ikx", "ij->iij", "i1,j", "i.j", "....", "ij", "ij,jk,kl", "i..j,k", "...i...,jk", "->", "a,b->->"],
)
def test_equations_that_torch_refuses(equation: str) -> None:
    agree(torch.einsum, equation, torch.ones(2, 3), torch.ones(3, 4))


def test_lists_of_axis_numbers() -> None:
    x, y = torch.ones(2, 3, 4), torch.ones(4, 5)
    agree(torch.einsum, x, [0, 1, 2], y, [2, 3])
    agree(torch.einsum, x, [Ellipsis, 2], y, [2, 30], [30, Ellipsis])
    agree(torch.einsum, "...i,ij", [x, y])


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.bool, torch.complex64, torch.float64])
def test_dtypes(dtype: torch.dtype) -> None:
    x, y = torch.ones(2, 3, dtype=dtype), torch.ones(3, 4)
    for equation in ("ij,jk->ik", "ij,jk->ijk", "ij,kl->il", "ij,kl->ijl"):
        agree(torch.einsum, equation, x, y)
        agree(torch.einsum, equation, x, y.to(dtype))
    agree(torch.einsum, "ij->i", x)
    agree(torch.einsum, "ij->ji", x)
