"""The calls of one case as a networkx graph."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx

from convsym.graph.call import Call
from convsym.graph.tensor import Tensor


def call_graph(calls: Sequence[Call], inputs: Sequence[Tensor] = ()) -> nx.MultiDiGraph:
    """A multigraph whose nodes are call indices (and "input 0", ... for the inputs) with the call as `call`.

    An edge goes from the call that makes a tensor to each call that reads it, once per read (`x + x` has two), and
    carries the tensor as `tensor`. An in-place operation makes a new tensor here, as every other call does.
    """
    graph = nx.MultiDiGraph()
    made: dict[int, int | str] = {}
    for position, tensor in enumerate(inputs):
        name = f"input {position}"
        graph.add_node(name, tensor=tensor)
        made[id(tensor)] = name
    for call in calls:
        graph.add_node(call.index, call=call)
        for tensor in call.inputs:
            source = made.get(id(tensor))
            if source is not None:
                graph.add_edge(source, call.index, tensor=tensor)
        for tensor in call.outputs:
            made[id(tensor)] = call.index
    return graph
