"""The table of operations: which rule speaks for a torch function, method or module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import FunctionType
from typing import Any, Protocol

import torch
from torch import nn

from convsym.graph.backward import Backward, Keeps
from convsym.graph.call import FREE, Cost
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import Condition
from convsym.sizes.truth import Truth


class Site(Protocol):
    """The call that a rule is asked about, and the sizes known to be possible there."""

    def require(
        self,
        kind: str,
        condition: Condition,
        template: str,
        *values: Any,
        help: str = "",
        mend: Mapping[str, Any] | None = None,
    ) -> bool:
        """State what torch checks; False when it surely fails, so that the rule can go on with what is declared.

        `mend` are arguments, of the layer or else of the call, with which it would hold.
        """

    def holds(self, condition: Condition) -> bool:
        """Whether a condition holds; where it holds for some sizes only, both ways are analysed."""

    def decide(self, condition: Condition) -> Truth:
        """Whether a condition holds for all, none or some of the possible sizes."""

    def alike(self, *sizes: Size) -> tuple[Size, ...]:
        """The same sizes, spelled so that what they have in common shows, as far as the possible sizes allow."""

    def settled(self, size: Size) -> Size:
        """The size without cases that are not possible here any more."""

    def unknown(self, minimum: int = 0) -> Size:
        """A size that depends on the data."""

    def pin(self, size: Size) -> int:
        """The number that a size must be known as, such as the length of a tuple: the analysis keeps to that number."""

    def requires_grad(self, tensor: Tensor) -> bool:
        """Whether a tensor requires a gradient; none does in evaluation mode, as in inference."""

    def initialised(self, parameter: Any, tensor: Tensor, dtype: torch.dtype | None) -> Tensor:
        """What a parameter or buffer of a lazy layer has been made at the layer's first call: `tensor`, if this is it.

        Under autocast it is read in `dtype`, unless that is None.
        """

    @property
    def module(self) -> nn.Module | None:
        """The leaf module being called, if the call is one."""

    @property
    def training(self) -> bool:
        """The mode of the innermost module."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call gives: tensors in the structure torch returns them in, and what it costs.

    `parameters` are the arguments worth showing beside the call ("kernel_size": (3, 3)). `backward` says what the call
    leaves for the backward pass, where that differs from what its `OpRule` says of all calls.
    """

    output: Any
    cost: Cost = FREE
    parameters: Mapping[str, Any] = field(default_factory=dict)
    backward: Backward | None = None


Infer = Callable[..., Outcome]
Arguments = Callable[..., tuple[tuple[Any, ...], dict[str, Any]]]


@dataclass(frozen=True)
class OpRule:
    """The rule of one operation.

    `infer(site, *args, **kwargs)` takes what the torch function takes, with symbolic tensors for tensors and
    sizes for numbers. `functions` are the torch callables it speaks for; the in-place forms among them are told
    by their name. `modules` maps exact module types to a function from the module and its inputs to the arguments
    of `infer`. `keeps` is what autograd keeps of every call; None where each call says so, or nobody knows.
    """

    name: str
    infer: Infer
    functions: tuple[Any, ...] = ()
    modules: Mapping[type, Arguments] = field(default_factory=dict)
    keeps: Keeps | None = None


def keeping(keeps: Keeps, *rules: OpRule) -> tuple[OpRule, ...]:
    """Rules of one family, of which autograd keeps the same; those that say otherwise stay as they are."""
    return tuple(rule if rule.keeps is not None else replace(rule, keeps=keeps) for rule in rules)


NAMESPACES = (
    torch,
    torch.Tensor,
    torch.nn.functional,
    torch._C._nn,
    torch.special,
    torch.fft,
    torch.linalg,
)


def spellings(*names: str) -> tuple[Any, ...]:
    """Every torch callable with one of these names: function, method and in-place form.

    >>> torch.relu_ in spellings("relu")
    True
    """
    found: list[Any] = []
    for name in names:
        for variant in (name, f"{name}_", f"__{name}__", f"__i{name}__", f"__r{name}__"):
            for space in NAMESPACES:
                function = getattr(space, variant, None)
                if callable(function) and not isinstance(function, type) and function not in found:
                    found.append(function)
    return tuple(found)


def is_in_place(function: Any) -> bool:
    """Whether a torch callable writes into its first argument, as its name tells."""
    name = getattr(function, "__name__", "")
    if name.startswith("__"):
        return name == "__setitem__" or (
            name.startswith("__i") and name not in ("__invert__", "__index__", "__int__", "__iter__")
        )
    return name.endswith("_")


@dataclass(frozen=True)
class Catalogue:
    """All rules, by what they speak for."""

    functions: Mapping[Any, tuple[OpRule, bool]]
    modules: Mapping[type, tuple[OpRule, Arguments]]

    @cached_property
    def outside(self) -> tuple[FunctionType, ...]:
        """The Python functions outside torch; no call of theirs reaches torch's own hooks."""
        return tuple(
            f for f in self.functions if isinstance(f, FunctionType) and str(f.__module__).partition(".")[0] != "torch"
        )


def catalogue(rules: Iterable[OpRule]) -> Catalogue:
    """A table of rules; two rules for one callable are an error of whoever wrote the second.

    Raises ValueError when a callable or module type has two rules.
    """
    functions: dict[Any, tuple[OpRule, bool]] = {}
    modules: dict[type, tuple[OpRule, Arguments]] = {}
    for rule in rules:
        for function in rule.functions:
            if function in functions:
                raise ValueError(f"{function} has two rules: {functions[function][0].name} and {rule.name}")
            functions[function] = (rule, is_in_place(function))
        for module, arguments in rule.modules.items():
            if module in modules:
                raise ValueError(f"{module.__name__} has two rules: {modules[module][0].name} and {rule.name}")
            modules[module] = (rule, arguments)
    return Catalogue(functions, modules)
