"""Nothing in an analysis recurses over the calls of a model."""

import convsym
from tests.benchmarks.deep import chain, skips


def test_a_chain_of_4000_layers_is_analysed():
    a = convsym.analyze(chain(4_000), "N 4 H W")
    assert len(a.calls) == 4_000
    assert str(a.flops) == "576000*H*N*W"
    assert str(a.domain) == "every N, H, W >= 1"


def test_500_skip_connections_are_analysed():
    a = convsym.analyze(skips(500), "N 4 H W")
    assert len(a.calls) == 1500
    assert str(a.domain) == "H >= 1001 and W >= 1001"
    assert a.at(N=1, H=1001, W=1002).outputs == [(1, 4, 1001, 1002)]
