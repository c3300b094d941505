from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from convsym.sweeps import Sweep, sweep_targets
from convsym.trace.loading import load_target

STACK = """\
from torch import nn


class Stack(nn.Module):
    def __init__(self, depth=2, width=8):
        super().__init__()
        if depth > 3:
            raise ValueError("too deep")
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.body = nn.Sequential(*[nn.Conv2d(width, width, 3, groups=4) for _ in range(depth)])

    def forward(self, x):
        return self.body(self.stem(x))
"""
SIZES = {"N": [1], "H": [9], "W": [9]}


@pytest.fixture
def stack(tmp_path: Path) -> str:
    path = tmp_path / "stack.py"
    path.write_text(STACK)
    return str(path)


def table(target: str, quantity: str, **ranges: list[int]) -> Sweep:
    (swept,) = sweep_targets([target], [quantity], over={**ranges, **SIZES})
    assert swept.table is not None, swept.problem
    return swept.table


def parameters(target: str) -> int:
    return sum(p.numel() for p in load_target(target).parameters())


def test_a_width_is_swept_by_its_formula(stack: str) -> None:
    found = table(f"{stack}:Stack(width=c)", "parameters", c=[8, 10, 12])
    assert found.runs.tolist() == [True, False, True]
    assert found.values["parameters"][0] == parameters(f"{stack}:Stack(width=8)")
    assert found.values["parameters"][2] == parameters(f"{stack}:Stack(width=12)")


def test_a_depth_that_the_constructor_counts_up_to_is_swept_number_by_number(stack: str) -> None:
    found = table(f"{stack}:Stack(depth=d, width=c)", "parameters", c=[8, 12], d=[1, 3])
    assert [(int(c), int(d)) for c, d in zip(found.sizes["c"], found.sizes["d"], strict=True)] == [
        *((8, 1), (8, 3)),
        *((12, 1), (12, 3)),
    ]
    assert found.values["parameters"].tolist() == [
        parameters(f"{stack}:Stack(depth={d}, width={c})") for c in (8, 12) for d in (1, 3)
    ]


def test_a_depth_that_the_constructor_refuses_has_an_empty_row(stack: str) -> None:
    assert table(f"{stack}:Stack(depth=d)", "flops", d=[2, 3, 4]).runs.tolist() == [True, True, False]


def test_a_model_that_cannot_be_loaded_leaves_the_others_as_they_are(stack: str) -> None:
    bad, good = sweep_targets([f"{stack}:Stock", f"{stack}:Stack"], ["flops"], over=SIZES)
    assert bad.table is None
    assert "Stack" in str(bad.problem) + str(getattr(bad.problem, "help", ""))
    assert good.table is not None


def test_any_executor_sweeps_the_same(stack: str) -> None:
    targets = [f"{stack}:Stack(depth={depth})" for depth in (1, 2)]
    with ThreadPoolExecutor(1) as executor:
        there = list(sweep_targets(targets, ["flops"], over=SIZES, executor=executor))
    here = list(sweep_targets(targets, ["flops"], over=SIZES))
    assert [s.target for s in there] == targets
    assert [s.table.values["flops"].tolist() for s in there if s.table] == [
        s.table.values["flops"].tolist() for s in here if s.table
    ]


def test_an_unknown_quantity_is_refused_before_any_model_is_loaded() -> None:
    with pytest.raises(ValueError, match="no quantity is named 'speed'"):
        sweep_targets(["nothing.py:Net"], ["speed"], over=SIZES)
