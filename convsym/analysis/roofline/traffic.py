"""The bytes that a call reads from memory and writes to it, parameters included."""

from __future__ import annotations

from dataclasses import dataclass

from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.ops import like
from convsym.sizes.arithmetic import Size, add, total

#: These take one element of an input for each element of the output, and leave the others unread: where it stands.
_PICKING = {
    "embedding": 1,
    **dict.fromkeys(("gather", "index_select", "getitem", "take", "take_along_dim", "masked_select"), 0),
}
#: These look at the shape of their input alone.
_SHAPE_ONLY = frozenset(rule.name for rule in like.RULES)
#: These make memory without writing it.
_UNWRITTEN = frozenset({"empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided"})
#: How much of their target these write depends on more than shapes.
_PARTLY_WRITING = frozenset({"setitem", "index_put", "masked_scatter", "scatter", "scatter_add", "index_add"})


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes that a call reads and writes at least, when its operands and results lie in memory: no cache, no fusion."""

    read: Size
    written: Size

    @property
    def moved(self) -> Size:
        """Both together."""
        return add(self.read, self.written)


NOTHING = Traffic(0, 0)


def traffic(call: Call) -> Traffic:
    """What a call moves: each operand is read once, each result written once; views move nothing.

    >>> import convsym, torch
    >>> (call,) = convsym.analyze(torch.nn.Linear(8, 4, bias=False), "N 8").calls
    >>> traffic(call)
    Traffic(read=32*N + 128, written=16*N)
    """
    in_place = not call.made and (call.cost.elementwise != 0 or call.function.endswith("_"))
    if (call.is_view and not in_place) or call.op in _PARTLY_WRITING:
        return NOTHING
    results = call.outputs if in_place else call.made
    written = 0 if call.op in _UNWRITTEN else total([tensor.bytes for tensor in results])
    return Traffic(_read(call), written)


def _read(call: Call) -> Size:
    if call.op in _SHAPE_ONLY:
        return 0
    operands = {id(tensor): tensor for tensor in call.inputs}
    if call.op in _PICKING and len(call.inputs) > _PICKING[call.op]:
        operands.pop(id(call.inputs[_PICKING[call.op]]))
        return total([call.output.bytes, *map(_bytes, operands.values())])
    return total(list(map(_bytes, operands.values())))


def _bytes(tensor: Tensor) -> Size:
    # An expanded axis is the same memory again and again.
    is_expanded = tensor.strides is not None and any(step == 0 for step in tensor.strides)
    return tensor.storage.bytes if is_expanded else tensor.bytes
