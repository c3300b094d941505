"""The inputs of a forward, read from what stands for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils import _pytree as pytree

from convsym.graph.tensor import Tensor
from convsym.sizes.condition import TRUE, Condition
from convsym.sizes.domain import Domain
from convsym.sizes.spelling import Spec, SpellingError, names_in, parse_condition, parse_spec
from convsym.trace.errors import BadInput


@dataclass(frozen=True)
class Inputs:
    """What a forward is called with: positional and named arguments, their tensors symbolic.

    `declared` are the sizes that they may have, `spoken` the names of the sizes of which more was said than a name,
    and `shown` the specs as a report repeats them.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    declared: Domain
    spoken: frozenset[str]
    shown: tuple[str, ...]

    def assuming(self, condition: Condition) -> Inputs:
        """The same inputs at the sizes where the condition holds.

        Raises BadInput where the condition speaks of other sizes, or holds for none.
        """
        if condition is TRUE:
            return self
        for name in names_in(condition):
            if name not in self.declared.symbols:
                known = ", ".join(self.declared.symbols)
                sizes = f"the sizes are {known}" if known else "its input has no open sizes"
                raise BadInput(f"{str(condition)!r} speaks of {name}, which no input has; {sizes}")
        narrowed = self.declared.assume(condition)
        if narrowed.is_surely_empty:
            raise BadInput(f"there are no sizes for which {str(condition)!r} holds")
        return Inputs(self.args, self.kwargs, narrowed, self.spoken.union(names_in(condition)), self.shown)

    def with_sizes(self, names: Sequence[str], assume: str | None = None) -> Inputs:
        """The same inputs beside sizes that no input has, such as a constructor's.

        Raises BadInput as `read_inputs` does where the assumption is none about these sizes.
        """
        declared = Domain.positive([*self.declared.symbols, *names])
        for assumption in self.declared.conditions:
            declared = declared.assume(assumption.condition, assumption.reason)
        return replace(self, declared=declared).assuming(read_assumption(assume))


def read_inputs(specs: Sequence[Any], named: Mapping[str, Any], assume: str | None = None) -> Inputs:
    """Inputs from specs such as "N 3 H W", from tensors, and from lists, tuples and dicts of those.

    Any other value is passed on as it is. `assume` narrows the sizes: "H % 32 == 0 and H >= 64".

    >>> read_inputs(["N 3 32*h w"], {}, "w >= 8").declared
    <Domain w >= 8>

    Raises BadInput when a string is no spec, or the assumption is none about these sizes.
    """
    read = pytree.tree_map(_leaf, (tuple(specs), dict(named)))
    args, kwargs = pytree.tree_map_only(Spec, _tensor, read)
    spelled = [leaf for leaf in pytree.tree_leaves(read) if isinstance(leaf, Spec)]
    inputs = Inputs(
        args=args,
        kwargs=kwargs,
        declared=Domain.positive([name for spec in spelled for name in spec.symbols]),
        spoken=frozenset(name for spec in spelled for name in spec.declaring),
        shown=tuple(map(_shown, (*specs, *named.values()))),
    )
    return inputs.assuming(read_assumption(assume))


def read_assumption(assume: str | None) -> Condition:
    """What an assumption says of the sizes. Raises BadInput where it is none."""
    try:
        return TRUE if assume is None else parse_condition(assume)
    except SpellingError as error:
        raise BadInput(str(error)) from None


def _leaf(given: Any) -> Any:
    if isinstance(given, str):
        try:
            return parse_spec(given)
        except SpellingError as error:
            raise BadInput(str(error)) from None
    return Tensor(tuple(given.shape), given.dtype) if isinstance(given, torch.Tensor) else given


def _tensor(spec: Spec) -> Tensor:
    kind = getattr(torch, spec.dtype or "float32", None)
    if not isinstance(kind, torch.dtype):
        raise BadInput(f"{spec.dtype!r} is no dtype of torch; try float32, float16, int64 or bool")
    return Tensor(spec.shape, kind)


def _shown(given: Any) -> str:
    """A spec as it would be written; the elements of a tensor say nothing."""
    if not isinstance(given, torch.Tensor):
        return str(given)
    dtype = str(given.dtype).removeprefix("torch.")
    return " ".join(map(str, given.shape)) + ("" if dtype == "float32" else f":{dtype}")
