"""What other counters say of the same models: the table of the README, and whether the conventions hold.

    pip install -c constraints.txt -e '.[test,bench]'
    python -m tests.benchmarks.against_counters            # prints the table
    python -m tests.benchmarks.against_counters --write    # and puts it into the README
    python -m tests.benchmarks.against_counters --conventions

Every number is multiply-accumulates of one forward pass in evaluation mode; FlopCounterMode's FLOPs are halved. The
first column is convsym's number, the others are divided by it.

`--conventions` counts more models with convsym under the conventions of other tools, and with the tools themselves,
and exits with 1 where two numbers differ.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import logging
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

import torch
from torch import nn
from torch.nn import functional as F

import convsym
from convsym.analysis.conventions import CONVENTIONS, compare
from convsym.reports.units import count
from examples.dcgan import Generator
from examples.unet import UNet
from tests.readme import README
from tests.torchvision_on_cpu import models

Shape = tuple[int, ...]


class Functional(nn.Module):
    """A convolution, a linear layer and attention without modules of torch.nn for them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(16, 16, 3, 3))
        self.project = nn.Parameter(torch.randn(16, 16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.conv2d(x, self.weight, padding=1).flatten(2).transpose(1, 2)
        x = F.linear(x, self.project)
        return torch.softmax(x @ x.transpose(1, 2), -1) @ x


@dataclass(frozen=True)
class Case:
    """One row: what is counted, at which input."""

    name: str
    make: Callable[[], nn.Module]
    shape: Shape


_LAYER = (1, 16, 12, 10)
TABLE = (
    Case("U-Net, 1 x 3 x 256 x 256", UNet, (1, 3, 256, 256)),
    Case("DCGAN's generator", Generator, (1, 100, 1, 1)),
    Case("swin_t, 1 x 3 x 224 x 224", lambda: models.swin_t(), (1, 3, 224, 224)),
    Case("conv, groups=4", lambda: nn.Conv2d(16, 16, 3, groups=4, bias=False), _LAYER),
    Case("conv, dilation=2", lambda: nn.Conv2d(16, 16, 3, dilation=2, bias=False), _LAYER),
    Case("conv, padding='same'", lambda: nn.Conv2d(16, 16, 4, padding="same", bias=False), _LAYER),
    Case("transposed conv, stride=2", lambda: nn.ConvTranspose2d(16, 16, 3, 2, 1, 1, bias=False), _LAYER),
    Case("the same, groups=4", lambda: nn.ConvTranspose2d(16, 16, 3, 2, 1, 1, groups=4, bias=False), _LAYER),
    Case("linear on 1 x 5 x 7 x 16", lambda: nn.Linear(16, 32, bias=False), (1, 5, 7, 16)),
    Case("F.conv2d, F.linear, x @ y", Functional, _LAYER),
)
FURTHER = tuple(
    Case(name, lambda name=name: getattr(models, name)(), (1, 3, 64, 64))  # type: ignore[misc]
    for name in (
        *("resnet18", "resnet50", "vgg11_bn", "densenet121", "squeezenet1_1", "shufflenet_v2_x1_0"),
        *("mobilenet_v3_large", "efficientnet_b0", "mnasnet0_5", "convnext_tiny"),
    )
)


def flop_counter_mode(model: nn.Module, x: torch.Tensor) -> int:
    """Half of the FLOPs that torch's own counter sees."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x)
    return int(counter.get_total_flops()) // 2


def fvcore(model: nn.Module, x: torch.Tensor) -> int:
    """What FlopCountAnalysis calls flops."""
    from fvcore.nn import FlopCountAnalysis

    counter = FlopCountAnalysis(model, x)
    counter.unsupported_ops_warnings(False)
    counter.uncalled_modules_warnings(False)
    return int(counter.total())


def ptflops(model: nn.Module, x: torch.Tensor) -> int:
    """What get_model_complexity_info calls MACs, with the default backend."""
    from ptflops import get_model_complexity_info

    macs, _ = get_model_complexity_info(model, tuple(x.shape[1:]), as_strings=False, print_per_layer_stat=False)
    return int(macs)


def torchinfo(model: nn.Module, x: torch.Tensor) -> int:
    """What summary calls mult-adds."""
    from torchinfo import summary

    return int(summary(model, input_data=x, verbose=0).total_mult_adds)


def thop(model: nn.Module, x: torch.Tensor) -> int:
    """What profile calls ops."""
    from thop import profile

    return int(profile(model, (x,), verbose=False)[0])


PEERS: Mapping[str, Callable[[nn.Module, torch.Tensor], int]] = {
    "FlopCounterMode": flop_counter_mode,
    "fvcore": fvcore,
    "ptflops": ptflops,
    "torchinfo": torchinfo,
    "thop": thop,
}


def counted_by(peer: str, model: nn.Module, shape: Shape) -> int:
    """A peer's number for a copy of the model, whatever the peer prints."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return PEERS[peer](copy.deepcopy(model), torch.randn(*shape))


def counted_here(model: nn.Module, shape: Shape) -> int:
    """convsym's number."""
    macs = convsym.analyze(model, " ".join(map(str, shape))).macs
    assert isinstance(macs, int)
    return macs


def first_cells(case: Case) -> str:
    """The row's beginning: its name, and what convsym says."""
    return f"| {case.name} | {count(counted_here(case.make().eval(), case.shape))} |"


def ratio(theirs: int, ours: int) -> str:
    """A number divided by convsym's; far off ones stand out.

    >>> ratio(100, 100), ratio(103, 100), ratio(400, 100), ratio(0, 100)
    ('1', '1.03', '**4.00**', '**0**')
    """
    if theirs == ours:
        return "1"
    shown = f"{theirs / ours:.2f}" if theirs else "0"
    return shown if 0.9 < theirs / ours < 1.1 else f"**{shown}**"


def table() -> str:
    """The table as markdown, and the versions it was made with."""
    lines = [f"| | convsym, MACs | {' | '.join(PEERS)} |", "| --- | ---: |" + " ---: |" * len(PEERS)]
    for case in TABLE:
        model = case.make().eval()
        ours = counted_here(model, case.shape)
        cells = [ratio(counted_by(peer, model, case.shape), ours) for peer in PEERS]
        lines.append(f"{first_cells(case)} {' | '.join(cells)} |")
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "fvcore", "ptflops", "torchinfo", "thop"))
    return "\n".join(lines) + f"\n\nMade with {versions}."


def conventions_hold() -> bool:
    """Print convsym's number and the tool's for each model and convention; whether all of them are the same."""
    held = True
    for case in (*TABLE, *FURTHER):
        model = case.make().eval()
        calls = convsym.analyze(model, " ".join(map(str, case.shape))).calls
        kinds = {path: type(module).__name__ for path, module in model.named_modules()}
        for convention in CONVENTIONS:
            ours, theirs = compare(calls, convention, kinds), counted_by(convention.name, model, case.shape)
            held &= ours.total == theirs
            verdict = "" if ours.total == theirs else "  differ"
            print(f"{case.name:28}{convention.name:10}{ours.total!s:>16}{theirs:16}{verdict}")
    return held


def main() -> None:
    """Print the table, or hold the conventions against the tools."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--write", action="store_true", help="put the table into the README")
    options.add_argument("--conventions", action="store_true", help="compare the conventions with the tools instead")
    asked = options.parse_args()
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if asked.conventions:
        sys.exit(0 if conventions_hold() else 1)
    made = table()
    print(made)
    if asked.write:
        text = README.read_text()
        README.write_text(re.sub(r"(<!-- counters -->)[\s\S]*(<!-- /counters -->)", rf"\1\n\n{made}\n\n\2", text))


if __name__ == "__main__":
    main()
