"""CS127: invalid-argument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convsym.rules.rule import Rule


class InvalidArgument(Rule):
    """An argument that the operation refuses.

    What it finds:

    Arguments outside what torch allows whatever the input: a probability above one, a negative size, a word that is
    none of the choices, a fraction where a whole number is wanted.

    Why it matters:

    torch refuses the call.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return F.dropout(self.conv(x), p=1.5)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return F.dropout(self.conv(x), p=0.15)
    """

    code = "CS127"
    name = "invalid-argument"
    kinds = (
        "embedding-bag",
        "fold-channels",
        "in-place-overlap",
        "index-rank",
        "index-shape",
        "padding-idx",
        "quantile-probabilities",
        "reduction",
        "searchsorted-shape",
        "topk-too-large",
        "bincount-weights",
        "cov-weights",
        "diff-shape",
        "fold-blocks",
        "quantile-size",
        "argument-choice",
        "argument-missing",
        "bounds",
        "probability",
        "dropout-probability",
        "negative-power",
        "negative-size",
        "slice-step",
        "value-overflow",
        "argument-value",
        "range",
        "memory-format",
        "multinomial",
        "ragged-data",
        "pad-axes",
        "pad-length",
        "pad-mode",
        "fft-axes",
        "fft-size",
        "stft-window",
        "whole-number",
    )
    help = "give a value that the operation allows"

    def refuses(self, layer: str, arguments: Mapping[str, Any]) -> bool:
        probability = arguments.get("p")
        return "Dropout" in layer and isinstance(probability, (int, float)) and not 0 <= probability <= 1
