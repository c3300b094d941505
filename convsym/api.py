"""`convsym.analyze`: a model and its input sizes in, an analysis out."""

from __future__ import annotations

from collections.abc import Mapping
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
from convsym.sizes.spelling import SpellingError, parse_condition, parse_spec
from convsym.trace.building import definition_of
from convsym.trace.errors import BadInput
from convsym.trace.explore import Subject, Way, explore, run
from convsym.trace.guarded import guarded
from convsym.trace.inference import infer_specs
from convsym.trace.paths import Path


def analyze(model: nn.Module, *specs: Any, assume: str | None = None, **named_specs: Any) -> Analysis:
    """Analyse a module for all sizes of its input.

    Each spec is the shape of one input of the forward, by position or by name: "N 3 H W" (letters are positive
    integers that nobody knows), "1 3 224 224", "N L:int64" with a dtype; float32 where none is given. Lists, tuples
    and dicts of specs stand for such inputs; plain values pass through. Without any spec the shapes are inferred from
    the first layers. `assume` narrows the sizes: "H % 32 == 0 and H >= 64".

    The module is run once or a few times on symbolic tensors, in its own mode (train or eval), and left as it was.

    Raises BadInput when the model is no module, a spec is not one, or none can be inferred.

    >>> analyze(nn.Conv2d(3, 16, 3, stride=(2, 1), padding=1), "N 3 H W").outputs.shape
    (N, 16, (H + 1)//2, W)
    """
    if not isinstance(model, nn.Module):
        raise BadInput(f"expected an nn.Module, got {type(model).__name__}")
    inferred = not specs and not named_specs
    if inferred:
        guessed = infer_specs(model)
        if guessed is None:
            raise BadInput('the input shape cannot be inferred from the first layers; give it, as in "N 3 H W"')
        specs = tuple(guessed)
    names: dict[str, None] = {}
    args = tuple(_input(spec, names) for spec in specs)
    kwargs = {name: _input(spec, names) for name, spec in named_specs.items()}
    declared = Domain.positive(list(names))
    if assume is not None:
        try:
            declared = declared.assume(parse_condition(assume))
        except SpellingError as error:
            raise BadInput(str(error)) from None
    return _analysed(model, args, kwargs, declared, tuple(map(_spelled, (*specs, *named_specs.values()))), inferred)


def _analysed(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    declared: Domain,
    shown: tuple[str, ...],
    inferred: bool,
) -> Analysis:
    paths = {id(module): path for path, module in reversed(list(model.named_modules()))}
    subject = Subject(
        model,
        args,
        kwargs,
        paths,
        {id(m): place for m in model.modules() if (place := definition_of(m)) is not None},
        _device_of(model),
        builtin_catalogue(),
    )
    ways, unexplored = explore(subject, declared)

    def run_at(sizes: Mapping[str, int]) -> Way:
        def known(spec: Tensor) -> Tensor:
            return Tensor(tuple(_at(s, sizes) for s in spec.shape), spec.dtype)

        at_args, at_kwargs = pytree.tree_map_only(Tensor, known, (args, dict(kwargs)))
        at = Subject(model, at_args, at_kwargs, paths, subject.definitions, subject.device, subject.catalogue)
        return run(at, Path(Domain.positive([])))

    return Analysis(
        model, tuple(ways), (args, dict(kwargs)), shown, inferred, declared, tuple(unexplored), run_at, diagnose
    )


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


def _input(spec: Any, names: dict[str, None]) -> Any:
    if isinstance(spec, str):
        try:
            read = parse_spec(spec)
        except SpellingError as error:
            raise BadInput(str(error)) from None
        kind = getattr(torch, read.dtype or "float32", None)
        if not isinstance(kind, torch.dtype):
            raise BadInput(f"{read.dtype!r} in {spec!r} is no dtype of torch; try float32, float16, int64 or bool")
        names.update(dict.fromkeys(read.symbols))
        return Tensor(read.shape, kind)
    if isinstance(spec, torch.Tensor):
        return Tensor(tuple(spec.shape), spec.dtype)
    if isinstance(spec, (list, tuple)):
        return type(spec)(_input(s, names) for s in spec)
    if isinstance(spec, dict):
        return {k: _input(s, names) for k, s in spec.items()}
    return spec


def _spelled(spec: Any) -> str:
    """A spec as it would be written; the elements of a tensor say nothing."""
    if not isinstance(spec, torch.Tensor):
        return str(spec)
    dtype = str(spec.dtype).removeprefix("torch.")
    return " ".join(map(str, spec.shape)) + ("" if dtype == "float32" else f":{dtype}")


def _device_of(model: nn.Module) -> torch.device:
    for tensor in (*model.parameters(), *model.buffers()):
        # A model without weights is to behave as it will with them.
        return torch.device("cpu") if tensor.is_meta else tensor.device
    return torch.device("cpu")
