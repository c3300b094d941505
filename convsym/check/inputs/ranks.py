"""Inputs guessed from the first layers and the names of the forward's parameters, with every size left open.

Only the number of axes and the dtype have to be guessed: the sizes are letters, and the domain of the analysis says
which of them the layers fix ("C == 3"). So a guess that runs is as good as a given spec, and one that does not run is
no evidence against the model.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from convsym.check.inputs.given import Given
from convsym.graph.tensor import dtype_name

# The axes after the batch, by rank; convolutions have the channels before the length.
_AXES = {1: "", 2: "C", 3: "L C", 4: "C H W", 5: "C D H W", -1: "", -2: "L"}
_CONV_AXES = {**_AXES, 3: "C L"}
_MOST_GUESSES = 24
_MOST_FULLER = 6

# What the names of parameters say, where they say something: the ranks to try, integer ranks as negative numbers.
_TIMES = re.compile(r"t|ts|times?|timesteps?|steps?|sigmas?|noise_level|noise_levels|emb_t|t_?emb")
_INDICES = re.compile(
    r"(input_?)?ids|tokens?|token_ids|src|tgt|trg|sentences?|captions?|words?|text|position_ids|seqs?"
)
_LABELS = re.compile(r"labels?|y|targets?|classes|class_labels?|c|cls|class_ids?|gt")
_VECTORS = re.compile(r"z|noise|latents?|codes?|w|style|styles|embeddings?|embeds?|actions?|states?|obs|observations?")
_SEQUENCES = re.compile(r"context|cond|encoder_hidden_states|memory|hidden_states|queries|query|keys?|values?|q|k|v")
_PLAIN = {"bool": False, bool: False}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter that the forward cannot be called without."""

    name: str
    annotation: Any
    is_named: bool


def guesses(model: nn.Module) -> Iterator[Given]:
    """Inputs to try, the likeliest first; none where the forward takes what no tensor is."""
    parameters = required(model)
    if parameters is None:
        return
    ranks = likely_ranks(model)
    options = [_options(p, ranks, alone=len(parameters) == 1) for p in parameters]
    if not all(options):
        return
    yield from itertools.islice(_spelled_out(model, parameters, options), _MOST_GUESSES)


def _spelled_out(
    model: nn.Module, parameters: Sequence[Parameter], options: Sequence[Sequence[Any]]
) -> Iterator[Given]:
    axes = _CONV_AXES if any(isinstance(m, nn.modules.conv._ConvNd) for m in model.modules()) else _AXES
    source = "inferred from the first layers"
    real = next((p.dtype for p in model.parameters() if p.dtype.is_floating_point), torch.get_default_dtype())
    dtype = "" if real == torch.float32 else f":{dtype_name(real)}"
    for chosen in _in_order(options):
        specs = [_spelled(kind, axes, position, dtype) for position, kind in enumerate(chosen)]
        named = {p.name: s for p, s in zip(parameters, specs, strict=True) if p.is_named}
        placed = tuple(s for p, s in zip(parameters, specs, strict=True) if not p.is_named)
        yield Given(placed, named, source, stated=False)


def fuller_guesses(model: nn.Module) -> Iterator[Given]:
    """Inputs to try for a forward that may need what it has None for by default; none where there is nothing such."""
    parameters, optional = required(model), _left_out(model)
    if parameters is None or not optional:
        return
    ranks = likely_ranks(model)
    options = [_options(p, ranks, alone=False) for p in (*parameters, *optional)]
    if not all(options):
        return
    # How each of them is given, the position says of the first ones alone.
    everything = [*parameters, *(replace(p, is_named=True) for p in optional)]
    yield from itertools.islice(_spelled_out(model, everything, options), _MOST_FULLER)


def _left_out(model: nn.Module) -> list[Parameter]:
    """The parameters that are None unless somebody gives them, and could be tensors."""
    needed = {p.name for p in required(model) or ()}
    found = [p for p in inspect.signature(model.forward).parameters.values() if p.default is None]
    return [Parameter(p.name, p.annotation, True) for p in found if p.name not in needed]


def required(model: nn.Module) -> list[Parameter] | None:
    """The parameters without a default; the first one where all have one, and None where there is no telling."""
    try:
        parameters = list(inspect.signature(model.forward).parameters.values())
    except (TypeError, ValueError):
        return None
    named = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    placed = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in placed if p.default is p.empty]
    if not needed and not named:
        needed = placed[:1]
        if not needed:
            needed = [p for p in parameters if p.kind is p.VAR_POSITIONAL]
    return [Parameter(p.name, p.annotation, p.kind is p.KEYWORD_ONLY) for p in (*needed, *named)] or None


def likely_ranks(model: nn.Module) -> list[int]:
    """How many axes the input may have, the likeliest first; negative where it holds indices."""
    usual = [4, 3, 2, 5]
    rank = told_rank(model)
    return usual if rank is None else [rank, *(r for r in usual if r != rank)]


def told_rank(model: nn.Module) -> int | None:
    """The rank that the first layer which has one asks for; None where no layer does."""
    layers = (m for m in model.modules() if not any(True for _ in m.children()))
    return next((rank for layer in layers if (rank := _rank(layer)) is not None), None)


def _rank(layer: nn.Module) -> int | None:
    if isinstance(layer, nn.modules.conv._ConvNd):
        return len(layer.kernel_size) + 2
    if isinstance(layer, (nn.RNNBase, nn.MultiheadAttention)):
        return 3
    if isinstance(layer, (nn.Embedding, nn.EmbeddingBag)):
        return -2
    if isinstance(layer, nn.Linear):
        return 2
    match = re.search(r"([123])d$", type(layer).__name__)
    return int(match.group(1)) + 2 if match and isinstance(layer, nn.modules.batchnorm._BatchNorm) else None


def _options(parameter: Parameter, ranks: Sequence[int], alone: bool) -> list[Any]:
    annotation = parameter.annotation
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    if annotation in _PLAIN:
        return [False]
    if re.search(r"\b(list|List|tuple|Tuple|Sequence|Iterable)\b", text):
        return [("list", length, 4) for length in (4, 3, 2, 5)]
    if annotation in (int, float, str, dict) or re.fullmatch(r"int|float|str|[Dd]ict.*", text):
        return []
    name = parameter.name.lower()
    if not alone:
        if _TIMES.fullmatch(name):
            return [1, -1, *ranks]
        if _LABELS.fullmatch(name):
            return [*ranks, -1, 1]
        if _SEQUENCES.fullmatch(name):
            return [3, *ranks]
    if _INDICES.fullmatch(name) and -2 in ranks:
        return [-2, -1, *ranks]
    if _VECTORS.fullmatch(name):
        return [2, *(r for r in ranks if r != 2)]
    if alone:
        return [*ranks, ("list", 4, 4), ("list", 3, 4), ("list", 2, 4), ("list", 5, 4), -2, -1, 1]
    return [*ranks, 1, -1]


def _in_order(options: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """All choices, those first that take early options and, where they are tensors, the same rank for all."""

    def position(chosen: tuple[int, ...]) -> tuple[bool, int]:
        kinds = {options[i][n] for i, n in enumerate(chosen) if isinstance(options[i][n], int)}
        return (sum(chosen) > 0 and len(kinds) > 1 and len(options) > 1, sum(chosen))

    shortened = [o[:6] for o in options] if len(options) > 1 else options
    # The product grows with every parameter.
    every = itertools.islice(itertools.product(*(range(len(o)) for o in shortened)), 4096)
    for chosen in sorted(every, key=position):
        yield tuple(options[i][n] for i, n in enumerate(chosen))


def _spelled(kind: Any, axes: Mapping[int, str], position: int, dtype: str = "") -> Any:
    """A spec with letters of its own for every size but the batch.

    >>> _spelled(4, _AXES, 0), _spelled(-2, _AXES, 1)
    ('N C H W', 'N L2:int64')
    """
    if kind is False:
        return False
    if isinstance(kind, tuple):
        _, length, rank = kind
        return [_spelled(rank, axes, position * 8 + n, dtype) for n in range(length)]
    letters = [axis if position == 0 else f"{axis}{position + 1}" for axis in axes[kind].split()]
    return " ".join(["N", *letters]) + (":int64" if kind < 0 else dtype)
