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
from convsym.trace.building import definition_of
from convsym.trace.data import is_data, specs_of
from convsym.trace.errors import BadInput
from convsym.trace.explore import Subject, Way, explore, run
from convsym.trace.guarded import guarded
from convsym.trace.inference import infer_specs
from convsym.trace.inputs import Inputs, read_inputs
from convsym.trace.paths import Path


def analyze(model: nn.Module, *specs: Any, assume: str | None = None, **named_specs: Any) -> Analysis:
    """Analyse a module for all sizes of its input.

    Each spec is the shape of one input of the forward, by position or by name: "N 3 H W" (letters are positive
    integers that nobody knows), "1 3 224 224", "N L:int64" with a dtype; float32 where none is given. Lists, tuples
    and dicts of specs stand for such inputs; plain values pass through. Without any spec the shapes are inferred from
    the first layers. `assume` narrows the sizes: "H % 32 == 0 and H >= 64". A Dataset or DataLoader stands for the
    inputs that it gives: one sample is drawn, and N is one of the batch sizes, that of the last batch included.

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
    if len(specs) == 1 and is_data(specs[0]):
        data = specs_of(specs[0], model)
        specs, named_specs = data.specs, {**data.named, **named_specs}
        assume = " and ".join(f"({condition})" for condition in (data.assume, assume) if condition) or None
    inputs = read_inputs(specs, named_specs, assume)
    return _analysed(model, inputs, inferred)


def _analysed(model: nn.Module, inputs: Inputs, inferred: bool) -> Analysis:
    paths = {id(module): path for path, module in reversed(list(model.named_modules()))}
    subject = Subject(
        model,
        inputs.args,
        inputs.kwargs,
        paths,
        {id(m): place for m in model.modules() if (place := definition_of(m)) is not None},
        _device_of(model),
        builtin_catalogue(),
    )
    ways, unexplored = explore(subject, inputs.declared)

    def run_at(sizes: Mapping[str, int]) -> Way:
        def known(spec: Tensor) -> Tensor:
            return Tensor(tuple(_at(s, sizes) for s in spec.shape), spec.dtype)

        at_args, at_kwargs = pytree.tree_map_only(Tensor, known, (inputs.args, dict(inputs.kwargs)))
        at = Subject(model, at_args, at_kwargs, paths, subject.definitions, subject.device, subject.catalogue)
        return run(at, Path(Domain.positive([])))

    return Analysis(
        model,
        tuple(ways),
        (inputs.args, dict(inputs.kwargs)),
        inputs.shown,
        inferred,
        inputs.declared,
        tuple(unexplored),
        run_at,
        diagnose,
        inputs.spoken,
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


def _device_of(model: nn.Module) -> torch.device:
    for tensor in (*model.parameters(), *model.buffers()):
        # A model without weights is to behave as it will with them.
        return torch.device("cpu") if tensor.is_meta else tensor.device
    return torch.device("cpu")
