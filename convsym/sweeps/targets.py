"""Sweeps of models that are named, one after the other or at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch

from convsym.api import analyze
from convsym.sweeps.table import Sweep, joined, named_quantities, sweep, without_rows_that_run
from convsym.trace.errors import BadInput
from convsym.trace.loading import load_recipe, split_target
from convsym.trace.open_arguments import Recipe
from convsym.trace.surroundings import surroundings

Ranges = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Swept:
    """The table of one target, or why there is none."""

    target: str
    table: Sweep | None = None
    problem: BadInput | None = None


@dataclass(frozen=True)
class _Question:
    quantities: tuple[str, ...]
    ranges: Ranges
    specs: tuple[Any, ...] = ()
    named_specs: Mapping[str, Any] = field(default_factory=dict)
    assume: str | None = None
    train: bool = False
    autocast: torch.dtype | str | None = None


def sweep_targets(
    targets: Sequence[str],
    quantities: Sequence[str],
    *specs: Any,
    over: Ranges,
    assume: str | None = None,
    train: bool = False,
    autocast: torch.dtype | str | None = None,
    executor: Executor | None = None,
    **named_specs: Any,
) -> Iterator[Swept]:
    """The quantities of each target at every combination of the sizes in `over`, in the order of the targets.

    Targets are spelled as on the command line: "unet.py:UNet", "unet.py:UNet(width=c)" with `c` among `over`,
    "package.module:name(...)". Specs, `assume` and `autocast` are those of `analyze`. With an `executor`, any
    `concurrent.futures.Executor`, each target is a task of its own.

    A target that cannot be loaded or analysed has a `problem` and leaves the others as they are. Raises ValueError when no
    quantity has such a name.

    >>> (swept,) = sweep_targets(["torch.nn:Conv2d(3, 8, 1)"], ["macs"], "1 3 H 4", over={"H": [2, 8]})
    >>> swept.table.values["macs"].tolist()
    [192, 768]
    """
    named_quantities(quantities)
    question = _Question(tuple(quantities), over, specs, named_specs, assume, train, autocast)
    return (map if executor is None else executor.map)(partial(_swept, question=question), targets)


def _swept(target: str, question: _Question) -> Swept:
    try:
        with surroundings(split_target(target)[0]):
            model = load_recipe(target)
            if isinstance(model, Recipe):
                return Swept(target, _of_recipe(model.in_mode(question.train), question))
            return Swept(target, _table(model.train(question.train), question, question.assume))
    except BadInput as problem:
        return Swept(target, problem=problem)
    except ValueError as problem:
        return Swept(target, problem=BadInput(str(problem)))


def _table(model: Any, question: _Question, assume: str | None) -> Sweep:
    analysis = analyze(model, *question.specs, assume=assume, autocast=question.autocast, **question.named_specs)
    return sweep(analysis, question.quantities, **question.ranges)


def _of_recipe(recipe: Recipe, question: _Question) -> Sweep:
    """The table of a model with open arguments: of formulas in them, or made anew for every value of some.

    A number of channels stays open. A depth, which the constructor counts up to, is a number in every analysis.
    """
    given = {name: question.ranges[name] for name in recipe.names if question.ranges.get(name)}
    bounds = [f"{min(values)} <= {name} <= {max(values)}" for name, values in given.items()]
    assume = _all_of(question.assume, *bounds)
    analysis = analyze(recipe, *question.specs, assume=assume, autocast=question.autocast, **question.named_specs)
    pinned = {str(symbol) for pin in analysis.pins for symbol in pin.size.free_symbols}
    counted = [name for name in given if name in pinned]
    if not counted:
        return sweep(analysis, question.quantities, **question.ranges)
    return joined(
        [
            _at(recipe, question, dict(zip(counted, values, strict=True)))
            for values in itertools.product(*(given[name] for name in counted))
        ]
    )


def _at(recipe: Recipe, question: _Question, known: Mapping[str, int]) -> Sweep:
    assume = _all_of(question.assume, *(f"{name} == {value}" for name, value in known.items()))
    fixed = {name: [value] for name, value in known.items()}
    there = replace(question, ranges={name: fixed.get(name, values) for name, values in question.ranges.items()})
    try:
        return _table(recipe, there, assume)
    except BadInput:
        # The constructor refuses these values: the model does not run there.
        return without_rows_that_run(there.quantities, there.ranges)


def _all_of(*conditions: str | None) -> str | None:
    return " and ".join(f"({condition})" for condition in conditions if condition) or None
