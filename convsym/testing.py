"""What authors of plug-ins test with; needs no test framework, failures are AssertionErrors.

def test_roi_align() -> None:
    with installed(PLUGIN):
        agrees_with_torch(ops.roi_align, "N C H W", "K 5", output_size=7)

def test_the_examples_of_a_rule() -> None:
    with installed(PLUGIN):
        keeps_its_word(MismatchedOffset)
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import cleandoc
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree
from torch.utils.flop_counter import FlopCounterMode

from convsym.analysis.result import Analysis
from convsym.api import analyze
from convsym.check.file import check_file
from convsym.diagnostics import Diagnostic
from convsym.graph.tensor import Tensor
from convsym.plugins import installed
from convsym.rules.rule import Rule
from convsym.sizes.arithmetic import Size, Unknown
from convsym.sizes.evaluate import evaluate

REFUSALS = (RuntimeError, ValueError, TypeError, IndexError, AssertionError, ArithmeticError, NotImplementedError)
EXAMPLE_IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"


class _Calling(nn.Module):
    """A module around one call, so that the call can be analysed."""

    def __init__(self, target: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
        super().__init__()
        self.target = target
        self.arguments = arguments

    def forward(self, *inputs: Any) -> Any:
        return self.target(*inputs, **self.arguments)


def agrees_with_torch(
    target: Callable[..., Any] | nn.Module,
    *specs: Any,
    sizes: Iterable[Mapping[str, int]] | None = None,
    reference: Callable[..., Any] | None = None,
    flops: bool = False,
    **arguments: Any,
) -> Analysis:
    """Assert that a function or module, analysed for all sizes at once, agrees with running it at single sizes.

    `specs` are the inputs as `convsym.analyze` takes them ("N 3 H W", lists of those, plain values), `arguments`
    are passed on as they are. At each of `sizes` (by default some that are drawn, the same every time) the target must
    be refused exactly where torch refuses it, and otherwise give the same shapes and dtypes; sizes that depend on data
    may be anything. With `flops`, torch.utils.flop_counter must count the same.

    `reference` is run in place of the target, on tensors of ones, where the target itself cannot run or its refusals
    are known better. Returns the analysis. Raises AssertionError with the sizes at which the two differ.

    >>> agrees_with_torch(torch.nn.functional.conv2d, "N 3 H W", "8 3 3 3", stride=2, flops=True).outputs.shape
    (N, 8, (H + 1)//2 - 1, (W + 1)//2 - 1)
    """
    module = _Calling(target, arguments)
    module.train(target.training if isinstance(target, nn.Module) else False)
    analysis = analyze(module, *specs)
    runs = reference or target
    for at in drawn_sizes(analysis.declared.symbols) if sizes is None else sizes:
        expected = ran(runs, *(concrete(spec, at) for spec in analysis.args[0]), count=flops, **arguments)
        _compare(analysis, at, expected, flops)
    return analysis


def drawn_sizes(names: Sequence[str], count: int = 24, largest: int = 9) -> list[dict[str, int]]:
    """Sizes for some names: small, random, and the same every time.

    >>> drawn_sizes([])
    [{}]
    """
    if not names:
        return [{}]
    draw = random.Random(0)
    return [{name: draw.randint(1, largest) for name in names} for _ in range(count)]


def concrete(spec: Any, sizes: Mapping[str, int]) -> Any:
    """An input as a real tensor of ones, at one size; lists, tuples and dicts of inputs too."""

    def ones(tensor: Tensor) -> torch.Tensor:
        return torch.ones([evaluate(s, sizes) for s in tensor.shape], dtype=tensor.dtype)

    return pytree.tree_map_only(Tensor, ones, spec)


def ran(target: Callable[..., Any], *inputs: Any, count: bool = False, **arguments: Any) -> Any:
    """What a function gives: (tensors in order, FLOPs), or the exception with which it refuses."""
    counter = FlopCounterMode(display=False)
    try:
        with torch.no_grad():
            if not count:
                return _tensors(target(*inputs, **arguments)), 0
            with counter:
                output = target(*inputs, **arguments)
            return _tensors(output), counter.get_total_flops()
    except REFUSALS as error:
        return error


def _tensors(output: Any) -> list[Any]:
    return [leaf for leaf in pytree.tree_leaves(output) if isinstance(leaf, (torch.Tensor, Tensor))]


def _compare(analysis: Analysis, at: Mapping[str, int], expected: Any, flops: bool) -> None:
    where = "at " + (", ".join(f"{name}={size}" for name, size in at.items()) or "the size given")
    runs = analysis.domain.contains(**at)
    if isinstance(expected, Exception):
        assert not runs, f"{where}: torch refuses ({expected}), the analysis does not; it runs for {analysis.domain}"
        return
    refused = [f.requirement.claim for f in analysis.findings] or [r.message for r in analysis.refusals]
    assert runs, f"{where}: torch takes it, the analysis does not; it runs for {analysis.domain}; {refused}"
    case = analysis.case_at(at)
    theirs, counted = expected
    mine = _tensors(case.outputs)
    shown = [_described(t.shape, t.dtype) for t in mine], [_described(t.shape, t.dtype) for t in theirs]
    same = len(mine) == len(theirs) and all(
        m.dtype == t.dtype and _same_shape(m.shape, tuple(t.shape), at) for m, t in zip(mine, theirs, strict=True)
    )
    assert same, f"{where}: torch gives {shown[1]}, the analysis {shown[0]}"
    if flops:
        said = evaluate(case.cost.flops, at)
        assert said == counted, f"{where}: torch counts {counted} FLOPs, the analysis {said}: {case.cost.flops}"


def _same_shape(mine: tuple[Size, ...], theirs: tuple[int, ...], at: Mapping[str, int]) -> bool:
    return len(mine) == len(theirs) and all(
        _depends_on_data(m) or evaluate(m, at) == t for m, t in zip(mine, theirs, strict=True)
    )


def _depends_on_data(size: Size) -> bool:
    return any(isinstance(symbol, Unknown) for symbol in getattr(size, "free_symbols", ()))


def _described(shape: Iterable[Size], dtype: torch.dtype) -> str:
    return f"{str(dtype).removeprefix('torch.')}[{', '.join(map(str, shape))}]"


def keeps_its_word(rule: type[Rule]) -> None:
    """Assert that the Bad model in a rule's docstring is reported by this rule alone, and the Good one not at all.

    Raises AssertionError with what was found, or when an example is missing.
    """
    bad, good = (check_example(rule, title) for title in ("Bad", "Good"))
    assert [d.code for d in bad] == [rule.code], f"the Bad model of {rule.code} gives {[str(d) for d in bad]}"
    assert bad[0].help, f"{rule.code} says what is wrong, but not what to do"
    assert not good, f"the Good model of {rule.code} gives {[str(d) for d in good]}"


def check_example(rule: type[Rule], title: str) -> list[Diagnostic]:
    """Everything that is found in the model `Net` under one title of a rule's docstring.

    torch, nn and F are imported for it. It says its input in an attribute: `input = "N 3 H W"`, or `"N 3 H W; K 4"`.
    """
    source = example(rule, title)
    assert source, f"{rule.code} has no {title} model"
    spec = re.search(r'^ +input = "(.*)"$', source, re.MULTILINE)
    assert spec, f'the {title} model of {rule.code} does not say its input, as in: input = "N 3 H W"'
    with TemporaryDirectory() as folder:
        file = Path(folder, "model.py")
        file.write_text(EXAMPLE_IMPORTS + source, encoding="utf-8")
        return check_file(file, "Net", spec[1].split("; "))


def example(rule: type[Rule], title: str) -> str | None:
    """The code under a title of a rule's docstring ("Bad", "Good"); None when there is none."""
    found = re.search(rf"^{title}::\n\n((?:    .*\n|\n)+)", cleandoc(rule.__doc__ or "") + "\n", re.MULTILINE)
    return dedent(found[1]).strip() + "\n" if found else None


__all__ = [
    "agrees_with_torch",
    "check_example",
    "concrete",
    "drawn_sizes",
    "example",
    "installed",
    "keeps_its_word",
    "ran",
]
