"""The networkx graph of calls."""

from __future__ import annotations

import networkx as nx
import torch
from torch import nn

import convsym


class Doubled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        return (y + y).relu()


def test_a_tensor_read_twice_has_two_edges() -> None:
    graph = convsym.analyze(Doubled(), "N 3 H W").graph
    assert graph.number_of_edges(0, 1) == 2


def test_calls_follow_what_they_read() -> None:
    graph = convsym.analyze(Doubled(), "N 3 H W").graph
    assert list(nx.topological_sort(graph)) == ["input 0", 0, 1, 2]
    assert [graph.nodes[n]["call"].op for n in (0, 1, 2)] == ["conv2d", "add", "relu"]


def test_calls_know_their_line_and_their_module() -> None:
    call = convsym.analyze(Doubled(), "N 3 H W")["conv"]
    assert call.place is not None
    assert call.place.text == "y = self.conv(x)"
    assert call.module == "Conv2d"
