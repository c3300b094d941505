"""Data sets and data loaders as specs."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

import convsym
from convsym.trace.data import specs_of

Pair = namedtuple("Pair", ["left", "right"])


class Listed(Dataset[Any]):
    def __init__(self, *samples: Any) -> None:
        self.samples = samples

    def __getitem__(self, index: int) -> Any:
        return self.samples[index]

    def __len__(self) -> int:
        return len(self.samples)


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[torch.Tensor]:
        yield torch.zeros(3, 8, 8)


class Two(nn.Module):
    def forward(self, left: torch.Tensor, right: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        return left + right * scale


def images(count: int) -> TensorDataset:
    return TensorDataset(torch.zeros(count, 3, 16, 16), torch.zeros(count, dtype=torch.int64))


def classifier() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(4))


@pytest.mark.parametrize(
    ("count", "batch_size", "drop_last", "assume"),
    [
        (64, 32, False, "N == 32"),
        (65, 32, False, "N == 32 or N == 1"),
        (65, 32, True, "N == 32"),
        (20, 32, False, "N == 20"),
    ],
)
def test_the_batches_of_a_loader_are_known_beforehand(
    count: int, batch_size: int, drop_last: bool, assume: str
) -> None:
    loader = DataLoader(images(count), batch_size=batch_size, drop_last=drop_last, shuffle=True)
    found = specs_of(loader, nn.Conv2d(3, 4, 3))
    assert (found.specs, found.assume) == (("N 3 16 16",), assume)
    given = {len(batch[0]) for batch in loader}
    assert given == {int(part.split()[-1]) for part in assume.split(" or ")}


def test_a_last_batch_of_one_under_batch_statistics_is_said_before_the_epoch_ends() -> None:
    (found,) = convsym.analyze(classifier().train(), DataLoader(images(65), batch_size=32)).diagnostics
    assert (found.code, found.witness) == ("CS203", {"N": 1})
    assert "N=32" in found.help
    assert "drop_last=True" in found.help


def test_without_that_batch_or_in_evaluation_there_is_nothing_to_say() -> None:
    loader = DataLoader(images(65), batch_size=32)
    assert convsym.analyze(classifier().eval(), loader).diagnostics == ()
    dropping = DataLoader(images(65), batch_size=32, drop_last=True)
    assert convsym.analyze(classifier().train(), dropping).diagnostics == ()


def test_a_data_set_alone_leaves_the_batch_open() -> None:
    a = convsym.analyze(classifier().eval(), images(65))
    assert a.inputs == ("N 3 16 16",)
    assert a.domain.describe() == "every N >= 1"


def test_the_forward_takes_what_it_requires() -> None:
    pair = Listed((torch.zeros(3, 4), torch.zeros(3, 4), 7))
    assert convsym.analyze(Two(), pair).inputs == ("N 3 4", "N 3 4")
    named = Listed({"label": 1, "right": torch.zeros(2), "left": torch.zeros(2)})
    assert specs_of(named, Two()).named == {"right": "N 2", "left": "N 2"}
    assert specs_of(Listed(Pair(torch.zeros(2), torch.zeros(2))), Two()).named == {"left": "N 2", "right": "N 2"}
    with pytest.raises(convsym.BadInput, match="the data give 1 inputs, but forward requires left, right"):
        convsym.analyze(Two(), Listed(torch.zeros(3)))


def test_dtypes_are_those_of_the_batch() -> None:
    tokens = Listed(torch.zeros(7, dtype=torch.int64))
    assert convsym.analyze(nn.Embedding(10, 4), tokens).outputs.shape[1:] == (7, 4)
    assert specs_of(tokens, nn.Embedding(10, 4)).specs == ("N 7:int64",)


def test_a_collate_function_may_make_axes_of_its_own() -> None:
    def flat(samples: list[torch.Tensor]) -> torch.Tensor:
        return torch.cat([torch.zeros(1, 5), *samples])

    loader = DataLoader(Listed(torch.zeros(4, 5)), batch_size=3, collate_fn=flat)
    assert specs_of(loader, nn.Linear(5, 2)).specs == ("4*N+1 5",)


def test_a_stream_has_no_known_last_batch() -> None:
    found = specs_of(DataLoader(Stream(), batch_size=4), nn.Conv2d(3, 4, 3))
    assert (found.specs, found.assume) == (("N 3 8 8",), "")


def test_a_loader_that_does_not_batch_gives_what_it_has() -> None:
    assert specs_of(DataLoader(Stream(), batch_size=None), nn.Conv2d(3, 4, 3)).specs == ("3 8 8",)


def test_data_that_cannot_be_drawn_are_said() -> None:
    with pytest.raises(convsym.BadInput, match="no batch can be made of the first sample of the data: IndexError"):
        convsym.analyze(nn.Conv2d(3, 4, 3), Listed())
