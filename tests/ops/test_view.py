"""Views against eager torch: shapes, strides, and which layouts allow a view at all."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convsym.ops.strides import contiguity, viewable
from convsym.sizes.arithmetic import add, floor_div, multiply, symbol
from convsym.sizes.condition import TRUE
from tests.ops.draws import axes, shapes, tensors
from tests.ops.oracle import agree
from tests.ops.symbolic import agree_at, at, permuted, x

T = torch.Tensor
N, C, H, W = map(symbol, "NCHW")
SAMPLES = st.fixed_dictionaries({name: st.integers(1, 6) for name in "NCHW"})


@st.composite
def factors(draw: st.DrawFn, numel: int) -> list[int]:
    """A shape that a number of elements mostly fills, perhaps with a -1 in it."""
    found: list[int] = []
    left = numel
    for _ in range(draw(st.integers(0, 4))):
        found.append(draw(st.sampled_from([n for n in range(1, max(left, 1) + 1) if left % n == 0])))
        left //= found[-1]
    found.append(left if draw(st.integers(0, 9)) else left + 1)
    found = list(draw(st.permutations(found)))
    for _ in range(draw(st.sampled_from((0, 0, 1, 1, 2)))):
        found[draw(st.integers(0, len(found) - 1))] = -1
    return found


@settings(max_examples=400)
@given(st.data())
def test_view_and_reshape_agree_with_torch(data: st.DataObject) -> None:
    tensor = data.draw(tensors(most=5))
    shape = data.draw(factors(tensor.numel()))
    agree(T.view, tensor, *shape)
    agree(T.view, tensor, shape)
    agree(T.reshape, tensor, *shape)
    agree(torch.reshape, tensor, shape=shape)
    agree(T.view_as, tensor, torch.ones([abs(n) for n in shape]))


@settings(max_examples=200)
@given(st.data())
def test_axes_that_move_agree_with_torch(data: st.DataObject) -> None:
    tensor = data.draw(tensors())
    rank = tensor.dim()
    first, second = data.draw(axes(rank)), data.draw(axes(rank))
    agree(T.transpose, tensor, first, second)
    agree(torch.swapaxes, tensor, first, second)
    agree(torch.movedim, tensor, first, second)
    agree(torch.movedim, tensor, (first, second), (second, first))
    agree(T.t, tensor)
    order = data.draw(st.permutations(range(rank)))
    agree(torch.permute, tensor, order)
    agree(T.permute, tensor, dims=[*order, 0][: data.draw(st.integers(max(rank - 1, 0), rank + 1))])


@settings(max_examples=200)
@given(st.data())
def test_axes_that_come_and_go_agree_with_torch(data: st.DataObject) -> None:
    tensor = data.draw(tensors())
    first, second = data.draw(axes(tensor.dim())), data.draw(axes(tensor.dim()))
    agree(torch.squeeze, tensor)
    agree(T.squeeze, tensor, first)
    agree(torch.squeeze, tensor, axis=(first, second))
    agree(T.unsqueeze, tensor, first)
    agree(torch.flatten, tensor, first, second)
    agree(torch.flatten, tensor, start_dim=1)
    agree(torch.ravel, tensor)
    agree(T.unfold, tensor, first, data.draw(st.integers(-1, 4)), data.draw(st.integers(0, 3)))


@settings(max_examples=200)
@given(st.data())
def test_unflatten_agrees_with_torch(data: st.DataObject) -> None:
    tensor = data.draw(tensors())
    axis = data.draw(axes(tensor.dim()))
    size = tensor.shape[axis] if -tensor.dim() <= axis < tensor.dim() else 1
    agree(T.unflatten, tensor, axis, data.draw(factors(size)))
    module = torch.nn.Unflatten(axis, tuple(data.draw(factors(size))))
    agree(module, tensor)
    agree(torch.nn.Flatten(axis, -1), tensor)


@settings(max_examples=200)
@given(st.data())
def test_expand_agrees_with_torch(data: st.DataObject) -> None:
    tensor = data.draw(tensors())
    asked = [data.draw(st.sampled_from((-1, n, n, 3))) for n in tensor.shape]
    asked = [*data.draw(st.lists(st.sampled_from((2, 0, -1)), max_size=1)), *asked]
    agree(torch.broadcast_to, tensor, asked)
    if asked:
        agree(T.expand, tensor, *asked)
    agree(T.expand_as, tensor, torch.ones([abs(n) for n in asked]))


@settings(max_examples=100)
@given(shapes(least=1, empty=False), st.sampled_from((torch.int32, torch.int16, torch.float64)))
def test_views_of_bytes_agree_with_torch(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    # The strides of axes of one element count here, and convsym knows none.
    tensor = torch.ones([n + 1 for n in shape])
    agree(T.view, tensor, dtype)
    agree(T.view, tensor.transpose(0, -1), dtype)
    agree(torch.view_as_complex, tensor)
    agree(torch.view_as_complex, tensor[..., :2])
    agree(torch.view_as_real, tensor.to(torch.complex64))


def test_a_stride_is_a_stride() -> None:
    agree(torch.as_strided, torch.ones(12), (2, 3), (1, 2))
    agree(torch.as_strided, torch.ones(12), (2, 3), (3, 1))
    agree(torch.as_strided, torch.ones(12), (2, 3), (1,))


CHANNELS_INNERMOST = permuted(x("N 4 H W"), 0, 2, 3, 1)
SYMBOLIC: list[tuple[Any, ...]] = [
    (T.view, x("N C H W"), N, -1),
    (T.view, x("N C H W"), N, C, multiply(H, W)),
    (T.view, x("N C H W"), -1, 6),
    (T.view, x("N C H W"), multiply(N, C), 2, -1, W),
    (T.view, x("N C H W"), N, floor_div(C, 2), 2, H, W),
    (T.view, x("N C"), add(N, -2), -1),
    (T.view, CHANNELS_INNERMOST, N, -1),
    (T.view, CHANNELS_INNERMOST, N, multiply(H, W), 4),
    (T.view, CHANNELS_INNERMOST, N, multiply(H, W), 2, 2),
    (T.view, CHANNELS_INNERMOST, -1, 4),
    (T.view, CHANNELS_INNERMOST, N, H, -1),
    (T.view, permuted(x("N C H W"), 1, 0, 2, 3), -1),
    (T.view, permuted(x("N C H W"), 0, 1, 3, 2), N, C, -1),
    (T.view, permuted(x("N C H W"), 3, 2, 1, 0), -1),
    (T.reshape, x("N C H W"), N, 2, floor_div(C, 2), multiply(H, W)),
    (T.flatten, x("N C H W"), 1),
    (T.squeeze, x("N 1 H W")),
    (T.squeeze, permuted(x("N C H W"), 1, 0, 3, 2)),
    (T.squeeze, x("N C H"), 1),
    (T.expand, x("N 1 W"), N, C, W),
    (T.expand, x("N 1 W"), H, -1, C, -1),
    (T.expand, x("N C"), 2, -1, 3),
    (T.unfold, x("N C H W"), 2, 3, 2),
    (T.unfold, permuted(x("N C H W"), 3, 2, 1, 0), 1, W, H),
    (T.unflatten, x("N C H"), 1, (2, -1)),
    (T.unflatten, CHANNELS_INNERMOST, 1, (-1, 3)),
]


@pytest.mark.parametrize("call", SYMBOLIC, ids=lambda c: c[0].__name__)
@settings(max_examples=60)
@given(SAMPLES)
def test_symbolic_views_say_at_every_size_what_torch_does(call: tuple[Any, ...], sample: dict[str, int]) -> None:
    agree_at(sample, *call)


@settings(max_examples=300)
@given(st.permutations(range(4)), st.data(), SAMPLES)
def test_the_condition_of_a_view_is_that_of_torch(
    order: list[int], data: st.DataObject, sample: dict[str, int]
) -> None:
    tensor = permuted(x("N C H W"), *order)
    axis = data.draw(st.integers(0, 3))
    sizes = list(tensor.shape)
    sizes[axis : axis + 2] = [multiply(sizes[axis], sizes[axis + 1])] if axis < 3 else [sizes[axis], 1]
    allowed = viewable(tensor, tuple(sizes)).holds(**sample)
    try:
        at(tensor, sample).view([at(s, sample) for s in sizes])
    except RuntimeError:
        assert not allowed
    else:
        assert allowed


@settings(max_examples=200)
@given(st.permutations(range(4)), SAMPLES)
def test_contiguity_depends_on_the_sizes_as_in_torch(order: list[int], sample: dict[str, int]) -> None:
    tensor = permuted(x("N C H W"), *order)
    assert contiguity(tensor).holds(**sample) == at(tensor, sample).is_contiguous()


def test_a_contiguous_tensor_can_be_seen_in_any_shape() -> None:
    assert viewable(x("N C H W"), (multiply(N, C), multiply(H, W))) is TRUE
