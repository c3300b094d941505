"""Compares op rules with eager torch on the CPU: shape, dtype, layout, counted FLOPs and refusal."""

from __future__ import annotations

import copy
import importlib
import pkgutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import convsym.ops
from convsym.graph.tensor import Tensor, contiguous_strides
from convsym.ops.catalogue import Catalogue, OpRule, Outcome, catalogue
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, TRUE, Condition
from convsym.sizes.truth import Truth

REFUSALS = (RuntimeError, ValueError, TypeError, IndexError, AssertionError, NotImplementedError)


@dataclass
class ConcreteSite:
    """A call at known sizes: every condition is plainly true or false, and what fails is remembered."""

    module: nn.Module | None = None
    training: bool = False
    failed: list[str] = field(default_factory=list)

    def require(
        self, kind: str, condition: Condition, template: str, *values: Any, help: str = "", mend: Any = None
    ) -> bool:
        assert condition is TRUE or condition is FALSE, f"{condition} is not decided"
        if condition is FALSE:
            # The sentence and its help must be printable with the values given.
            shown = [str(v) for v in values]
            self.failed.append(f"{kind}: {template.format(*shown)} ({help.format(*shown)})")
        return condition is TRUE

    def holds(self, condition: Condition) -> bool:
        return condition is TRUE

    def decide(self, condition: Condition) -> Truth:
        return Truth.YES if condition is TRUE else Truth.NO if condition is FALSE else Truth.UNKNOWN

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
        assert type(size) is int, f"{size} is not known"
        return size


@cache
def rules() -> Catalogue:
    """All rules of all family modules."""
    found: list[OpRule] = []
    for info in pkgutil.iter_modules(convsym.ops.__path__):
        found += getattr(importlib.import_module(f"convsym.ops.{info.name}"), "RULES", ())
    return catalogue(found)


def symbolic(value: Any) -> Any:
    """A value as rules take it: graph tensors for tensors."""
    if isinstance(value, torch.Tensor):
        shape = tuple(value.shape)
        return Tensor(shape, value.dtype, None if value.is_contiguous() else tuple(value.stride()))
    if isinstance(value, (tuple, list)):
        return type(value)(map(symbolic, value)) if type(value) in (tuple, list) else tuple(map(symbolic, value))
    return value


def inferred(target: Any, *args: Any, **kwargs: Any) -> tuple[Outcome, ConcreteSite]:
    """What the rule of a torch function, method or module says of a call."""
    table = rules()
    if isinstance(target, nn.Module):
        site = ConcreteSite(target, target.training)
        rule, arguments = table.modules[type(target)]
        args, kwargs = arguments(target, *args, **kwargs)
    else:
        site = ConcreteSite()
        rule, _ = table.functions[target]
    given = {k: symbolic(v) for k, v in kwargs.items() if k != "out"}
    return rule.infer(site, *map(symbolic, args), **given), site


def leaves(output: Any) -> Iterator[Any]:
    """The tensors and numbers in an output."""
    if isinstance(output, (tuple, list)) and not isinstance(output, torch.Size):
        for part in output:
            yield from leaves(part)
    else:
        yield output


def _description(leaf: Any, with_layout: bool) -> Any:
    if isinstance(leaf, Tensor):
        strides = leaf.strides or contiguous_strides(leaf.shape)
        shape, dtype = tuple(leaf.shape), leaf.dtype
    elif isinstance(leaf, torch.Tensor):
        strides, shape, dtype = tuple(leaf.stride()), tuple(leaf.shape), leaf.dtype
    else:
        return leaf
    # The stride of an axis of one element, and all strides of an empty tensor, say nothing.
    moved = tuple(s for s, n in zip(strides, shape, strict=True) if n > 1) if 0 not in shape else ()
    return (shape, dtype, moved) if with_layout else (shape, dtype)


@dataclass(frozen=True)
class Judged:
    """One call as torch sees it."""

    refusal: Exception | None
    output: Any = None
    flops: int = 0


def judged(target: Callable[..., Any], *args: Any, count: bool = False, **kwargs: Any) -> Judged:
    """What eager torch makes of the call, on copies of the arguments."""
    if isinstance(target, nn.Module):
        # A lazy layer turns into another kind of layer when it is called.
        target = copy.deepcopy(target)
    args, kwargs = copy.deepcopy((args, kwargs))
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not count:
                return Judged(None, target(*args, **kwargs))
            with FlopCounterMode(display=False) as counter:
                output = target(*args, **kwargs)
            return Judged(None, output, counter.get_total_flops())
    except REFUSALS as error:
        return Judged(error)


def agree(target: Any, *args: Any, layout: bool = True, flops: bool = True, **kwargs: Any) -> Judged:
    """Assert that the rule and torch both refuse the call, or give the same shapes, dtypes, layout and FLOPs."""
    verdict = judged(target, *args, count=flops, **kwargs)
    outcome, site = inferred(target, *args, **kwargs)
    call = f"{target}{symbolic(args)}{kwargs}"
    if verdict.refusal is not None:
        assert site.failed, f"{call}: torch refuses: {verdict.refusal}; the rule gives {outcome.output}"
        return verdict
    assert not site.failed, f"{call}: torch takes it; the rule refuses: {site.failed}"
    mine = [_description(leaf, layout) for leaf in leaves(outcome.output)]
    theirs = [_description(leaf, layout) for leaf in leaves(verdict.output)]
    assert mine == theirs, f"{call}: the rule gives {mine}, torch {theirs}"
    structure = type(outcome.output) if isinstance(outcome.output, (tuple, list)) else None
    expected = type(verdict.output) if isinstance(verdict.output, (tuple, list)) else None
    assert structure is expected, f"{call}: the rule gives {structure}, torch {expected}"
    if flops:
        assert outcome.cost.flops == verdict.flops, f"{call}: {outcome.cost.flops} FLOPs, torch counts {verdict.flops}"
    return verdict
