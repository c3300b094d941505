"""Compares op rules at symbolic sizes with eager torch at numbers put in for them: shape, dtype, layout and refusal."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch

from convsym.graph.tensor import Tensor, contiguous_strides
from convsym.sizes.arithmetic import Size, symbol
from convsym.sizes.condition import FALSE, TRUE, Condition
from convsym.sizes.evaluate import evaluate
from convsym.sizes.truth import Truth
from tests.ops.oracle import judged, leaves, rules


@dataclass
class SampledSite:
    """A call at symbolic sizes of which one sample is looked at. With `knows` the domain is that sample alone."""

    sample: Mapping[str, int]
    knows: bool
    failed: list[str] = field(default_factory=list)
    module: None = None
    training: bool = False

    def require(
        self, kind: str, condition: Condition, template: str, *values: Any, help: str = "", mend: Any = None
    ) -> bool:
        if not condition.holds(**self.sample):
            shown = [str(v) for v in values]
            self.failed.append(f"{kind}: {template.format(*shown)} ({help.format(*shown)})")
            return False
        return True

    def holds(self, condition: Condition) -> bool:
        return condition.holds(**self.sample)

    def decide(self, condition: Condition) -> Truth:
        if condition is TRUE or condition is FALSE or self.knows:
            return Truth.YES if condition.holds(**self.sample) else Truth.NO
        return Truth.UNKNOWN

    def alike(self, *sizes: Size) -> tuple[Size, ...]:
        return sizes

    def settled(self, size: Size) -> Size:
        return size

    def initialised(self, parameter: Any, tensor: Tensor, dtype: torch.dtype | None) -> Tensor:
        return tensor

    def requires_grad(self, tensor: Tensor) -> bool:
        return False

    def unknown(self, minimum: int = 0) -> Size:
        return minimum

    def pin(self, size: Size) -> int:
        return int(evaluate(size, self.sample))


def x(spec: str, dtype: torch.dtype = torch.float32) -> Tensor:
    """A contiguous tensor whose sizes are spelled like "N 3 H W"."""
    return Tensor(tuple(int(word) if word.isdigit() else symbol(word) for word in spec.split()), dtype)


def permuted(tensor: Tensor, *order: int) -> Tensor:
    """A tensor with its axes in another order."""
    strides = tensor.strides or contiguous_strides(tensor.shape)
    return Tensor(tuple(tensor.shape[i] for i in order), tensor.dtype, tuple(strides[i] for i in order))


def at(value: Any, sample: Mapping[str, int]) -> Any:
    """An argument with numbers put in for its symbols, and torch tensors for graph tensors."""
    if isinstance(value, Tensor):
        shape = [at(s, sample) for s in value.shape]
        if value.strides is None:
            return torch.ones(shape, dtype=value.dtype)
        strides = [at(s, sample) for s in value.strides]
        room = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True) if n)
        return torch.ones(max(room, 0), dtype=value.dtype).as_strided(shape, strides)
    if isinstance(value, (tuple, list)):
        return type(value)(at(v, sample) for v in value)
    if isinstance(value, slice):
        return slice(*(at(v, sample) for v in (value.start, value.stop, value.step)))
    return evaluate(value, sample) if isinstance(value, sympy.Expr) else value


def agree_at(sample: Mapping[str, int], function: Any, *args: Any, **kwargs: Any) -> None:
    """Assert that the rule, at symbolic sizes, says of this sample what torch does with it."""
    theirs = judged(function, *at(args, sample), **{k: at(v, sample) for k, v in kwargs.items()})
    for knows in (False, True):
        site = SampledSite(sample, knows)
        outcome = rules().functions[function][0].infer(site, *args, **kwargs)
        call = f"{function}{args}{kwargs} at {dict(sample)}"
        if theirs.refusal is not None:
            assert site.failed, f"{call}: torch refuses: {theirs.refusal}; the rule gives {outcome.output}"
            continue
        assert not site.failed, f"{call}: torch takes it; the rule refuses: {site.failed}"
        pairs = list(itertools.zip_longest(leaves(outcome.output), leaves(theirs.output)))
        for mine, other in pairs:
            assert _same(mine, other, sample), f"{call}: {mine} {getattr(mine, 'strides', '')}, torch: {other.shape}"


def _same(mine: Any, other: Any, sample: Mapping[str, int]) -> bool:
    if not isinstance(mine, Tensor):
        return bool(at(mine, sample) == other)
    shape = tuple(at(s, sample) for s in mine.shape)
    if shape != tuple(other.shape) or mine.dtype != other.dtype:
        return False
    if 0 in shape:
        return True
    strides = [at(s, sample) for s in (mine.strides or contiguous_strides(mine.shape))]
    return all(a == b for a, b, n in zip(strides, other.stride(), shape, strict=True) if n > 1)
