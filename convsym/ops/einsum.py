"""Sums of products by subscripts: torch.einsum, in all its forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch

from convsym.graph.backward import NOTHING, Backward, Gradient, Saved
from convsym.graph.call import FREE, Cost
from convsym.graph.tensor import Tensor, contiguous_strides
from convsym.ops.broadcast import result_dtype
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.layout import elementwise_strides
from convsym.ops.matmul import require_one_dtype, unless_one
from convsym.ops.strides import normal, strides_of, view_of, viewable
from convsym.sizes.arithmetic import Size, add, equal, maximum, minimum, multiply, product
from convsym.sizes.condition import FALSE, TRUE, any_of, eq

_DOTS = "..."


def einsum(site: Site, *args: Any) -> Outcome:
    """The sum of products that an equation such as "bik,bkj->bij" spells, or lists of axis numbers.

    Operands are multiplied from left to right, as torch does it where opt_einsum is not installed. FLOPs are those of
    the batched matrix products that the sums become, 2 per product; what torch multiplies element by element or only
    sums is element-wise work.
    """
    spelled = _operands(args)
    if spelled is None:
        _refuse(site, "", "it has no operands")
        return Outcome(Tensor((), torch.get_default_dtype()))
    equation, operands = spelled
    parameters = {"equation": equation}
    labels = _parsed(site, equation, operands)
    if labels is None:
        return Outcome(operands[0].without_data(), parameters=parameters)
    inputs, output, summed = labels
    order = output + summed
    _require_sizes(site, equation, inputs, operands)
    aligned = [_aligned(own, order, tensor) for own, tensor in zip(inputs, operands, strict=True)]
    result, cost, backward = _contracted(site, aligned, operands, len(output), len(order))
    return Outcome(result, cost, parameters, backward)


def _operands(args: Sequence[Any]) -> tuple[str, list[Tensor]] | None:
    """The equation and the operands, also of the form with lists of axis numbers behind each operand."""
    if args and isinstance(args[0], Tensor):
        lists = ["".join(map(_letter, numbers)) for numbers in args[1::2]]
        equation = ",".join(lists)
        if len(args) % 2:
            equation += "->" + "".join(map(_letter, args[-1]))
            args = args[:-1]
        operands = list(args[::2])
    else:
        equation, operands = args[0], list(args[1:])
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = list(operands[0])
    return (equation, operands) if operands else None


def _letter(number: Any) -> str:
    if number is Ellipsis:
        return _DOTS
    return chr(ord("A") + number) if number < 26 else chr(ord("a") + number - 26)


def _refuse(site: Site, equation: str, why: str) -> None:
    site.require(
        "einsum-equation",
        FALSE,
        "einsum cannot take the equation {}: {}",
        repr(equation),
        why,
        help="give every axis of every operand one letter, and let the output name each letter at most once",
    )


def _tokens(text: str) -> list[str] | None:
    """The letters and ellipses of one operand; None when something else stands there."""
    found: list[str] = []
    text = text.replace(" ", "")
    while text:
        if text.startswith(_DOTS) and _DOTS not in found:
            found.append(_DOTS)
            text = text[3:]
        elif text[0].isascii() and text[0].isalpha():
            found.append(text[0])
            text = text[1:]
        else:
            return None
    return found


Labels = list[str]


def _parsed(site: Site, equation: str, operands: list[Tensor]) -> tuple[list[Labels], Labels, Labels] | None:
    """The labels of the axes of each operand, of the output and of what is summed; None when torch refuses them.

    The axes that an ellipsis stands for are labelled "...1", "...2" from the last one.
    """
    left, arrow, right = equation.partition("->")
    spelled = [_tokens(part) for part in left.split(",")]
    if None in spelled or len(spelled) != len(operands):
        _refuse(site, equation, f"it must name {len(operands)} operands by letters, commas and ...")
        return None
    inputs: list[Labels] = []
    dots = 0
    for part, tensor in zip(spelled, operands, strict=True):
        assert part is not None
        covered = tensor.rank - len(part) + 1 if _DOTS in part else 0
        if covered < 0 or (_DOTS not in part and len(part) != tensor.rank):
            _refuse(site, equation, f"it has {len(part)} subscripts for an operand of {tensor.rank} axes")
            return None
        dots = max(dots, covered)
        inputs.append([label for token in part for label in (_dotted(covered) if token == _DOTS else [token])])
    times = Counter(label for own in inputs for label in own)
    if not arrow:
        output = _dotted(dots) + sorted(label for label, n in times.items() if n == 1 and len(label) == 1)
    else:
        tokens = _tokens(right)
        if tokens is None or len(set(tokens)) < len(tokens) or any(t != _DOTS and t not in times for t in tokens):
            _refuse(site, equation, "its output must name letters of the operands, each once")
            return None
        output = [label for token in tokens for label in (_dotted(dots) if token == _DOTS else [token])]
    hidden = [label for label in _dotted(dots) if label not in output]
    return inputs, output, hidden + sorted(label for label in times if len(label) == 1 and label not in output)


def _dotted(axes: int) -> Labels:
    return [f"{_DOTS}{position}" for position in range(axes, 0, -1)]


def _require_sizes(site: Site, equation: str, inputs: list[Labels], operands: list[Tensor]) -> None:
    """A label has one size wherever it stands, but 1 in an operand stretches."""
    found: dict[str, Size] = {}
    for own, tensor in zip(inputs, operands, strict=True):
        here: dict[str, Size] = {}
        for label, size in zip(own, tensor.shape, strict=True):
            if label in here and not equal(here[label], size):
                _require_equal(site, equation, label, here[label], size, stretches=False)
            here[label] = size
        for label, size in here.items():
            before = found.setdefault(label, size)
            if before == 1:
                found[label] = size
            elif size != 1 and not equal(before, size):
                _require_equal(site, equation, label, before, size, stretches=True)
                found[label] = maximum(before, size)


def _require_equal(site: Site, equation: str, label: str, a: Size, b: Size, *, stretches: bool) -> None:
    site.require(
        "matmul-mismatch",
        any_of(eq(a, b), eq(a, 1), eq(b, 1)) if stretches else eq(a, b),
        "einsum {} meets sizes {} and {} under the subscript {}, which must be equal",
        repr(equation),
        a,
        b,
        label,
        help="check which axes the operands share, and the sizes these come with",
    )


def _aligned(own: Labels, order: Labels, tensor: Tensor) -> Tensor:
    """An operand with one axis for every label, size 1 where it has none; repeated labels are its diagonal."""
    sizes: dict[str, Size] = {}
    steps: dict[str, Size] = {}
    for label, size, stride in zip(own, tensor.shape, strides_of(tensor), strict=True):
        sizes[label] = size
        steps[label] = add(steps.get(label, 0), stride)
    shape = tuple(sizes.get(label, 1) for label in order)
    # Strides of axes of size 1 count too: they decide how torch lays out element-wise products.
    return tensor.view(shape, tuple(steps.get(label, 1) for label in order))


def _contracted(
    site: Site, operands: list[Tensor], given: list[Tensor], kept: int, axes: int
) -> tuple[Tensor, Cost, Backward]:
    """Multiply operands that have all axes in one order, and sum over the axes behind the first `kept`.

    `given` are the operands as they were before their axes were brought in order.
    """
    result, *others = operands
    if not others:
        if axes == kept:
            return view_of(result, result.shape, strides_of(result)), FREE, NOTHING
        return _summed(result, result.shape[:kept]), Cost(elementwise=result.numel), NOTHING
    saved: list[Saved] = []
    gradients: list[Gradient] = []
    uses = [sum(o.shape[axis] != 1 for o in operands) for axis in range(axes)]
    cost = FREE
    for position, other in enumerate(others, 1):
        ready: list[int] = []
        alone: tuple[list[int], list[int]] = ([], [])
        for axis in range(kept, axes):
            left, right = result.shape[axis] != 1, other.shape[axis] != 1
            if left and right:
                uses[axis] -= 1
                if uses[axis] == 1:
                    ready.append(axis)
            elif uses[axis] == 1 and (left or right):
                alone[0 if left else 1].append(axis)
        for axis in (*ready, *alone[0], *alone[1]):
            uses[axis] = 0
        cost += Cost(elementwise=add(result.numel if alone[0] else 0, other.numel if alone[1] else 0))
        result, paid, reads = _pair(site, _collapsed(result, alone[0]), _collapsed(other, alone[1]), ready)
        cost += paid
        origins = tuple(given[:position]), (given[position],)
        saved += [Saved(read, wanted) for read, wanted in zip(reads, reversed(origins), strict=True)]
        gradients += [Gradient(of, paid.flops) for of in origins]
    output = view_of(result, result.shape[:kept], strides_of(result)[:kept])
    return output, cost, Backward(tuple(saved), tuple(gradients))


def _collapsed(tensor: Tensor, axes: list[int]) -> Tensor:
    if not axes:
        return tensor
    return _summed(tensor, tuple(1 if axis in axes else size for axis, size in enumerate(tensor.shape)))


def _summed(tensor: Tensor, shape: tuple[Size, ...]) -> Tensor:
    dtype = tensor.dtype
    exact = not (dtype.is_floating_point or dtype.is_complex)
    return Tensor(shape, torch.int64 if exact else dtype)


def _pair(site: Site, left: Tensor, right: Tensor, summed: list[int]) -> tuple[Tensor, Cost, tuple[Tensor, Tensor]]:
    """The product of two aligned operands, summed over some axes, which stay with size 1; and what it reads of both."""
    pairs = list(zip(left.shape, right.shape, strict=True))
    larger = [b if a == 1 else a if b == 1 or equal(a, b) else maximum(a, b) for a, b in pairs]
    if not summed:
        shape = tuple(larger)
        # Contiguous operands of one shape give a contiguous result, whatever the strides of axes of size 1.
        plain = all(equal(a, b) for a, b in pairs) and all(
            normal(t.shape, strides_of(t)) is None for t in (left, right)
        )
        strides = None if plain else elementwise_strides(site, shape, left, right)
        output = Tensor(shape, result_dtype(left, right), strides)
        return output, Cost(elementwise=output.numel), (left, right)
    require_one_dtype(site, "einsum", left, right)
    free = [axis for axis in range(len(pairs)) if axis not in summed]
    both = [axis for axis in free if pairs[axis][0] != 1 and pairs[axis][1] != 1]
    of_left = [axis for axis in free if axis not in both and pairs[axis][0] != 1]
    of_right = [axis for axis in free if axis not in both and axis not in of_left]
    reads = _grouped(left, both, of_left, summed), _grouped(right, both, summed, of_right)
    # torch makes one batched matrix product of it: the axes of both, of the left, the sums, the axes of the right;
    # operands change places where the result then needs no permutation.
    if of_left and of_right and of_right[-1] < of_left[0]:
        of_left, of_right = of_right, of_left
    order = [*both, *of_left, *summed, *of_right]
    sizes = [1 if axis in summed else size for axis, size in enumerate(larger)]
    steps = dict(zip(order, contiguous_strides(tuple(sizes[axis] for axis in order)), strict=True))
    output = Tensor(tuple(sizes), left.dtype, tuple(steps[axis] for axis in range(len(pairs))))
    inner = product(minimum(*pairs[axis]) for axis in summed)
    flops = multiply(2, multiply(output.numel, inner))
    return output, Cost(flops=unless_one(site, flops, inner)), reads


def _grouped(tensor: Tensor, *groups: list[int]) -> Tensor:
    """What a batched product reads: the tensor itself where each group of axes folds into one, else a copy."""
    strides = strides_of(tensor)
    order = [axis for group in groups for axis in group]
    seen = view_of(tensor, tuple(tensor.shape[a] for a in order), tuple(strides[a] for a in order))
    folded = tuple(product(tensor.shape[axis] for axis in group) for group in groups)
    return seen if viewable(seen, folded) is TRUE else seen.with_shape(*folded)


RULES = (OpRule("einsum", einsum, (torch.einsum,)),)
