"""`convsym.analyze`: a model and its input sizes in, an analysis out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from convsym.analysis.result import Analysis
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import Catalogue, catalogue
from convsym.plugins import BUILTIN, Filled, installation
from convsym.rules.diagnosis import diagnose
from convsym.sizes.arithmetic import Size
from convsym.sizes.domain import Domain
from convsym.trace.autocast import around, read_region
from convsym.trace.data import is_data, specs_of
from convsym.trace.errors import BadInput
from convsym.trace.explore import Subject, Way, explore, names_of, places_of, run
from convsym.trace.guarded import guarded
from convsym.trace.inference import infer_specs
from convsym.trace.inputs import Inputs, read_assumption, read_inputs
from convsym.trace.open_arguments import Recipe
from convsym.trace.paths import Path


def analyze(
    model: nn.Module | Callable[..., nn.Module] | Recipe,
    *specs: Any,
    assume: str | None = None,
    autocast: torch.dtype | str | None = None,
    **named_specs: Any,
) -> Analysis:
    """Analyse a module for all sizes of its input.

    Each spec is the shape of one input of the forward, by position or by name: "N 3 H W" (letters are positive
    integers that nobody knows), "1 3 224 224", "N L:int64" with a dtype; float32 where none is given. Lists, tuples
    and dicts of specs stand for such inputs; plain values pass through. Without any spec the shapes are inferred from
    the first layers. `assume` narrows the sizes: "H % 32 == 0 and H >= 64". A Dataset or DataLoader stands for the
    inputs that it gives: one sample is drawn, and N is one of the batch sizes, that of the last batch included.

    A function of sizes that makes the module, as in `lambda c: UNet(base=c)`, leaves these arguments of its constructor
    open: formulas are in `c` too, and the domain says for which `c` the module can be made.

    `autocast` runs the forward as `with torch.autocast(...)` does: torch.bfloat16 or "float16" on the CPU, "cuda:bfloat16"
    for what is cast on a GPU. Left out, it runs in the region that `analyze` is called in, if any; regions that the forward
    enters and leaves itself are followed in any case.

    The module is run once or a few times on symbolic tensors, in its own mode (train or eval), and left as it was. In
    training mode its code is told what a training step tells it: what is computed from trained parameters requires a
    gradient, and inputs do not. In evaluation mode no result requires one, as in inference under torch.no_grad; what
    autograd would keep of the same calls is stated all the same.

    Raises BadInput when the model is no module and makes none, a spec is not one, or none can be inferred, or what is
    given as `autocast` cannot be followed.

    >>> analyze(nn.Conv2d(3, 16, 3, stride=(2, 1), padding=1), "N 3 H W").outputs.shape
    (N, 16, (H + 1)//2, W)
    >>> wide = analyze(lambda c: nn.Conv2d(c, 2 * c, 3, groups=8), "N c H W")
    >>> wide.domain, wide.parameters
    (<domain c % 8 == 0 and H >= 3 and W >= 3>, 2*c + 9*(c//2)**2)
    """
    if not isinstance(model, nn.Module):
        recipe = model if isinstance(model, Recipe) else Recipe.of(model)
        return _of_open_sizes(recipe, specs, named_specs, assume, autocast)
    inferred = not specs and not named_specs
    if inferred:
        specs = _inferred(model)
    if len(specs) == 1 and is_data(specs[0]):
        data = specs_of(specs[0], model)
        specs, named_specs = data.specs, {**data.named, **named_specs}
        assume = " and ".join(f"({condition})" for condition in (data.assume, assume) if condition) or None
    inputs = read_inputs(specs, named_specs, assume)
    return _analysed(model, inputs, inferred, autocast)


def _inferred(model: nn.Module) -> tuple[Any, ...]:
    guessed = infer_specs(model)
    if guessed is None:
        raise BadInput('the input shape cannot be inferred from the first layers; give it, as in "N 3 H W"')
    return tuple(guessed)


def _of_open_sizes(
    recipe: Recipe,
    specs: tuple[Any, ...],
    named_specs: Mapping[str, Any],
    assume: str | None,
    autocast: torch.dtype | str | None,
) -> Analysis:
    inferred = not specs and not named_specs
    if inferred:
        specs = _inferred(recipe.example(builtin_catalogue(), read_assumption(assume)))
    return _analysed(recipe, read_inputs(specs, named_specs).with_sizes(recipe.names, assume), inferred, autocast)


def _analysed(
    model: nn.Module | Recipe, inputs: Inputs, inferred: bool, autocast: torch.dtype | str | None
) -> Analysis:
    lies_on = _device_of(model) if isinstance(model, nn.Module) else None
    device = lies_on or torch.device("cpu")
    region = around(lies_on) if autocast is None else read_region(autocast, device.type)
    if region is not None and region.device_type != device.type:
        device = torch.device(region.device_type)
    subject = Subject(model, inputs.args, inputs.kwargs, {}, {}, device, builtin_catalogue(), region)
    if isinstance(model, nn.Module):
        subject = replace(subject, names=names_of(model), definitions=places_of(model))
    ways, unexplored = explore(subject, inputs.declared)

    def run_at(sizes: Mapping[str, int]) -> Way:
        def known(spec: Tensor) -> Tensor:
            return Tensor(tuple(_at(s, sizes) for s in spec.shape), spec.dtype)

        at_args, at_kwargs = pytree.tree_map_only(Tensor, known, (inputs.args, dict(inputs.kwargs)))
        at = replace(subject, args=at_args, kwargs=at_kwargs)
        if isinstance(model, Recipe):
            made = model.at(sizes)
            at = replace(at, model=made, names=names_of(made), definitions=places_of(made))
        return run(at, Path(Domain.positive([])))

    return Analysis(
        _built(ways) if isinstance(model, Recipe) else model,
        tuple(ways),
        (inputs.args, dict(inputs.kwargs)),
        inputs.shown,
        inferred,
        inputs.declared,
        tuple(unexplored),
        run_at,
        diagnose,
        inputs.spoken,
        str(subject.autocast or ""),
    )


def _built(ways: Sequence[Way]) -> nn.Module:
    """The module of open sizes, of the first way that runs, or where none does of the first that was made."""
    made = [way.model for way in sorted(ways, key=lambda way: not way.runs) if way.model is not None]
    if not made:
        why = next((f"{way.refusal.error}: {way.refusal.message}" for way in ways if way.refusal is not None), "")
        raise BadInput(f"the model cannot be made for any sizes: {why or 'its constructor asks without end'}")
    return made[0]


def _at(size: Size, sizes: Mapping[str, int]) -> int:
    from convsym.sizes.evaluate import evaluate

    return evaluate(size, sizes)


def builtin_catalogue() -> Catalogue:
    """The table of all operations: the built-in families and those of plug-ins."""
    return _catalogue(installation().table("ops"))


@lru_cache(maxsize=8)
def _catalogue(table: Filled) -> Catalogue:
    return catalogue(
        rule if plugin is BUILTIN else guarded(plugin.name, rule) for plugin, rules in table.entries for rule in rules
    )


def _device_of(model: nn.Module) -> torch.device | None:
    """Where the weights of a model are; None where it has none yet."""
    first = next(itertools.chain(model.parameters(), model.buffers()), None)
    return None if first is None or first.is_meta else first.device
