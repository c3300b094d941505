"""A data set or data loader as the spec of a model's inputs: shapes from one sample, batches from the batch size."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree
from torch.utils.data import BatchSampler, DataLoader, Dataset, IterableDataset, default_collate

from convsym.trace.errors import BadInput


@dataclass(frozen=True)
class DataSpecs:
    """The specs that some data are: by position, by name, and which batches there are ("" where any may be)."""

    specs: tuple[Any, ...]
    named: Mapping[str, Any] = field(default_factory=dict)
    assume: str = ""


def is_data(spec: Any) -> bool:
    """Whether a spec is a data set or a data loader."""
    return isinstance(spec, (Dataset, DataLoader))


def specs_of(data: Any, model: nn.Module) -> DataSpecs:
    """The specs of a data set or data loader for the forward of a model; draws one sample.

    Axes that grow with the number of samples are multiples of N. A loader tells how large its batches are, the last and
    smaller one included. Of what it gives, the forward takes as much as it requires: by name from a mapping that has
    the names, else from the front, so that labels behind the input are left out.

    >>> from torch.utils.data import TensorDataset
    >>> images = TensorDataset(torch.zeros(33, 3, 8, 8), torch.zeros(33))
    >>> specs_of(DataLoader(images, batch_size=32), nn.Conv2d(3, 8, 3))
    DataSpecs(specs=('N 3 8 8',), named={}, assume='N == 32 or N == 1')

    Raises BadInput when no sample can be drawn or batched, or the forward requires more than there is.
    """
    batched = isinstance(data, Dataset) or data.batch_size is not None or data.batch_sampler is not None
    dataset = data if isinstance(data, Dataset) else data.dataset
    collate = default_collate if isinstance(data, Dataset) else data.collate_fn
    try:
        sample = next(iter(dataset)) if isinstance(dataset, IterableDataset) else dataset[0]
        batch = _batch_specs(sample, collate) if batched else pytree.tree_map_only(torch.Tensor, _spec, collate(sample))
    except Exception as error:
        lines = str(error).splitlines()
        reason = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
        raise BadInput(f"no batch can be made of the first sample of the data: {reason}") from None
    specs, named = _arguments(batch, model)
    sizes = _batch_sizes(data) if batched and isinstance(data, DataLoader) else ()
    return DataSpecs(specs, named, " or ".join(f"N == {size}" for size in sizes))


def _batch_specs(sample: Any, collate: Callable[[list[Any]], Any]) -> Any:
    two, three = collate([sample] * 2), collate([sample] * 3)
    leaves, structure = pytree.tree_flatten(two)
    grown = pytree.tree_leaves(three)
    if len(leaves) != len(grown):
        raise ValueError("batches of two and of three samples are made differently")
    return pytree.tree_unflatten([_spec(a, b) for a, b in zip(leaves, grown, strict=True)], structure)


def _spec(leaf: Any, grown: Any = None) -> Any:
    """A tensor of a batch of two as a spec, compared with that of a batch of three; other values as they are."""
    if not isinstance(leaf, torch.Tensor):
        return leaf
    larger = leaf.shape if grown is None else grown.shape
    axes = [_axis(a, b) for a, b in zip(leaf.shape, larger, strict=True)]
    dtype = str(leaf.dtype).removeprefix("torch.")
    return " ".join(axes) + ("" if dtype == "float32" else f":{dtype}")


def _axis(two: int, three: int) -> str:
    each = three - two
    if each == 0:
        return str(two)
    rest = two - 2 * each
    return ("N" if each == 1 else f"{each}*N") + (f"{rest:+d}" if rest else "")


def _arguments(batch: Any, model: nn.Module) -> tuple[tuple[Any, ...], dict[str, Any]]:
    parameters = inspect.signature(model.forward).parameters.values()
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    by_name = batch._asdict() if hasattr(batch, "_asdict") else batch
    if isinstance(by_name, Mapping) and required and all(name in by_name for name in required):
        open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)
        known = {p.name for p in parameters}
        return (), {name: part for name, part in by_name.items() if open_ended or name in known}
    parts = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
    count = max(len([p for p in places if p.name in required]), 1)
    if len(parts) < count:
        raise BadInput(f"the data give {len(parts)} inputs, but forward requires {', '.join(required)}")
    return parts[:count], {}


def _batch_sizes(loader: DataLoader[Any]) -> tuple[int, ...]:
    """The sizes of the batches that a loader gives, the common one first; empty where nobody can tell."""
    sampler = loader.batch_sampler
    if isinstance(loader.dataset, IterableDataset) or type(sampler) is not BatchSampler:
        return ()
    if not isinstance(sampler.sampler, Sized):
        return ()
    whole, last = divmod(len(sampler.sampler), sampler.batch_size)
    sizes = ([sampler.batch_size] if whole else []) + ([last] if last and not sampler.drop_last else [])
    return tuple(sizes)
