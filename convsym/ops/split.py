"""One tensor made several: chunk, split, tensor_split, hsplit, vsplit, dsplit, unbind. All give views."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.backward import passes_on
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.reduce import numpy_names
from convsym.ops.slicing import at_position, part, slice_bounds
from convsym.sizes.arithmetic import Size, add, ceil_div, exact_div, floor_div, multiply, subtract, total
from convsym.sizes.condition import FALSE, TRUE, all_of, any_of, divides, eq, ge, gt

_HELP = "make the sizes add up to that of the axis"


def _parts(input: Tensor, at: int, sizes: list[Size]) -> tuple[Tensor, ...]:
    return tuple(part(input, at, size) for size in sizes)


def _require_axes(site: Site, op: str, input: Tensor) -> bool:
    return site.require(
        "input-rank",
        TRUE if input.rank else FALSE,
        "{} takes a tensor of at least one axis, but gets a number",
        op,
        help="give it a tensor with axes",
    )


def chunk(site: Site, input: Tensor, chunks: int, dim: int = 0) -> Outcome:
    """At most `chunks` parts, all of size ceil(size / chunks) but the last, which takes what is left."""
    parameters = {"chunks": chunks, "dim": dim}
    at = axis(site, "chunk", dim, input.rank)
    if at is None or not _require_axes(site, "chunk", input):
        return Outcome((input,) * chunks, parameters=parameters)
    if not site.require(
        "split-mismatch", gt(chunks, 0), "chunk is asked for {} parts", str(chunks), help="ask for at least one part"
    ):
        return Outcome((input,), parameters=parameters)
    return Outcome(_parts(input, at, _chunk_sizes(site, input.shape[at], chunks)), parameters=parameters)


def _chunk_sizes(site: Site, size: Size, chunks: int) -> list[Size]:
    each = exact_div(size, chunks)
    if each is not None:
        return [each] * chunks
    each = ceil_div(size, chunks)
    count = chunks
    while count > 1:
        # So many parts are needed where one less does not hold all.
        before = multiply(count - 1, each)
        if site.holds(gt(size, before)):
            return [*[each] * (count - 1), subtract(size, before)]
        count -= 1
    return [size]


def split(site: Site, tensor: Tensor, split_size_or_sections: Any = None, dim: int = 0, **named: Any) -> Outcome:
    """Parts of one size, the last of which takes what is left, or parts of given sizes, which must add up."""
    given = next(iter(named.values())) if named and split_size_or_sections is None else split_size_or_sections
    parameters = {"split_size_or_sections": given, "dim": dim}
    at = axis(site, "split", dim, tensor.rank)
    if at is None or not _require_axes(site, "split", tensor):
        return Outcome((tensor,), parameters=parameters)
    size = tensor.shape[at]
    if isinstance(given, (tuple, list)):
        return Outcome(_sections(site, tensor, at, list(given)), parameters=parameters)
    if not site.require(
        "split-mismatch",
        any_of(gt(given, 0), all_of(eq(given, 0), eq(size, 0))),
        "split is asked for parts of size {} of an axis of size {}",
        given,
        size,
        help="give a size of at least 1",
    ):
        return Outcome((tensor,), parameters=parameters)
    if site.holds(eq(size, 0)):
        return Outcome((tensor,), parameters=parameters)
    # How long the tuple is, Python must know.
    count = site.pin(ceil_div(size, given))
    last = subtract(size, multiply(count - 1, given))
    return Outcome(_parts(tensor, at, [*[given] * (count - 1), last]), parameters=parameters)


def _sections(site: Site, input: Tensor, at: int, sizes: list[Size]) -> tuple[Tensor, ...]:
    site.require(
        "split-mismatch",
        all_of(eq(total(sizes), input.shape[at]), *(ge(s, 0) for s in sizes)),
        "split is asked for parts of sizes {}, which add up to {}, of an axis of size {}",
        sizes,
        total(sizes),
        input.shape[at],
        help=_HELP,
    )
    return _parts(input, at, sizes)


def split_with_sizes(site: Site, input: Tensor, split_sizes: Any, dim: int = 0) -> Outcome:
    """Parts of given sizes, which must add up."""
    return split(site, input, list(split_sizes), dim)


def tensor_split(site: Site, input: Tensor, indices_or_sections: Any = None, dim: int = 0, **named: Any) -> Outcome:
    """Parts whose sizes differ by at most 1, or the parts between given positions."""
    given = next(iter(named.values())) if named and indices_or_sections is None else indices_or_sections
    parameters = {"indices_or_sections": given, "dim": dim}
    at = axis(site, "tensor_split", dim, input.rank)
    if at is None or not _require_axes(site, "tensor_split", input):
        return Outcome((input,), parameters=parameters)
    size = input.shape[at]
    if isinstance(given, Tensor):
        given = _positions(site, given)
    if isinstance(given, (tuple, list)):
        starts, stops = [0, *given], [*given, None]
        sizes = [slice_bounds(site, size, a, b)[1] for a, b in zip(starts, stops, strict=True)]
        return Outcome(_parts(input, at, sizes), parameters=parameters)
    if not site.require(
        "split-mismatch", gt(given, 0), "tensor_split is asked for {} parts", given, help="ask for at least one part"
    ):
        return Outcome((input,), parameters=parameters)
    count = site.pin(given)
    sizes = [floor_div(add(size, count - 1 - i), count) for i in range(count)]
    return Outcome(_parts(input, at, sizes), parameters=parameters)


def _positions(site: Site, given: Tensor) -> Any:
    """The positions or the count that a tensor holds, where its elements are known."""
    if isinstance(given.data, torch.Tensor):
        with torch._C.DisableTorchFunction():
            return given.data.tolist()
    if given.rank == 0:
        return site.unknown(1)
    return [site.unknown(0) for _ in range(site.pin(given.shape[0]))]


def _along(name: str, at_rank: dict[int, int]) -> Any:
    least = min(at_rank)

    def rule(site: Site, input: Tensor, indices_or_sections: Any = None, **named: Any) -> Outcome:
        given = next(iter(named.values())) if named else indices_or_sections
        if not site.require(
            "input-rank",
            TRUE if input.rank >= least else FALSE,
            "{} takes a tensor of at least {} axes, but gets shape {}",
            name,
            str(least),
            input.shape,
            help="add axes with .unsqueeze()",
        ):
            return Outcome((input,))
        dim = at_rank.get(input.rank, at_rank[max(at_rank)])
        if not isinstance(given, (tuple, list)):
            site.require(
                "split-mismatch",
                divides(given, input.shape[dim]) if given != 0 else FALSE,
                "{} splits an axis of size {} into {} equal parts",
                name,
                input.shape[dim],
                given,
                help="choose a number of parts that divides the axis, or use tensor_split",
            )
        return tensor_split(site, input, given, dim)

    rule.__doc__ = f"{name}: equal parts, or the parts between given positions."
    return rule


def unbind(site: Site, input: Tensor, dim: int = 0) -> Outcome:
    """The positions of one axis, each a view without that axis. Their number must be known, so it is pinned."""
    parameters = {"dim": dim}
    at = axis(site, "unbind", dim, input.rank)
    if at is None or not _require_axes(site, "unbind", input):
        return Outcome((input,), parameters=parameters)
    one = at_position(input, at)
    count = site.pin(input.shape[at])
    return Outcome(tuple(one.view(one.shape, one.strides) for _ in range(count)), parameters=parameters)


RULES = keeping(
    passes_on,
    OpRule("chunk", numpy_names(chunk), spellings("chunk", "unsafe_chunk")),
    OpRule("split", numpy_names(split), spellings("split", "unsafe_split")),
    OpRule("split", numpy_names(split_with_sizes), spellings("split_with_sizes", "unsafe_split_with_sizes")),
    OpRule("tensor_split", numpy_names(tensor_split), spellings("tensor_split")),
    OpRule("tensor_split", _along("hsplit", {1: 0, 2: 1}), spellings("hsplit")),
    OpRule("tensor_split", _along("vsplit", {2: 0}), spellings("vsplit")),
    OpRule("tensor_split", _along("dsplit", {3: 2}), spellings("dsplit")),
    OpRule("unbind", numpy_names(unbind), spellings("unbind")),
)
