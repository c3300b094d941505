"""Where ways through one module went on as one: what each of them did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from convsym.graph.call import Call, Checkpoint
from convsym.graph.tensor import Tensor
from convsym.sizes.condition import Condition


@dataclass(frozen=True, eq=False)
class Branch:
    """One way through a module: the sizes that go it, its calls, and the tensors that it returns.

    Calls are numbered as if no other way had been taken. `freed` says before which of them memory was given back while
    the module ran, by the tensor that owns it; `joints` are those of modules inside.
    """

    condition: Condition
    calls: tuple[Call, ...]
    outputs: tuple[Tensor, ...]
    freed: Mapping[Tensor, int]
    joints: tuple[Joint, ...]


@dataclass(frozen=True, eq=False)
class Joint:
    """The branches of a module, of which every size goes exactly one.

    The first is the one that the forward was recorded with: what follows reads its outputs, whichever branch was taken.
    `start` is the number of the first call of each branch; `is_reconciled` says that those of the first are followed by
    one that stands for the differences between branches. `is_even` says that nothing after the module depends on the
    branch: results lie in memory alike, and are as many pieces of it. `path` is that of the module, `checkpoint` the
    innermost one that it is called in.
    """

    start: int
    branches: tuple[Branch, ...]
    is_reconciled: bool
    is_even: bool
    path: str
    checkpoint: Checkpoint | None
