"""How the time of an analysis grows with the number of calls.

    python -m tests.benchmarks.scaling

Each row analyses one module once, after a first analysis of another; the last column should stay what it is.
"""

from __future__ import annotations

import time

from torch import nn

import convsym
from tests.benchmarks.deep import chain, skips


def seconds(model: nn.Module) -> tuple[float, int]:
    """Processor time of one analysis with its totals, and how many calls it recorded."""
    start = time.process_time()
    analysis = convsym.analyze(model, "N 4 H W")
    assert analysis.flops is not None
    assert analysis.domain is not None
    return time.process_time() - start, len(analysis.calls)


def main() -> None:
    """Print the curve."""
    seconds(chain(100))
    seconds(skips(10))
    print(f"{'model':>10}{'size':>8}{'calls':>8}{'seconds':>10}{'ms per call':>13}")
    for name, build, sizes in (("chain", chain, (1250, 2500, 5000, 10_000)), ("skips", skips, (125, 250, 500, 1000))):
        for size in sizes:
            taken, calls = seconds(build(size))
            print(f"{name:>10}{size:>8}{calls:>8}{taken:>10.2f}{1000 * taken / calls:>13.2f}")


if __name__ == "__main__":
    main()
