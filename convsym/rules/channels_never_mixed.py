"""CS308: channels-never-mixed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic
from convsym.rules.advice import Advice

if TYPE_CHECKING:
    from convsym.analysis.flow import Flow
    from convsym.graph.call import Call

_CONVOLUTION = re.compile(r"conv(_transpose)?[123]d")
#: What keeps every channel to itself.
_APART = re.compile(
    r"batch_norm|instance_norm|identity|interpolate|(max|avg|lp)_pool[123]d|adaptive_(max|avg)_pool[123]d"
    r"|dropout[123]?d?|relu6?|leaky_relu|elu|selu|celu|gelu|silu|mish|sigmoid|tanh|hardtanh|hardswish|hardsigmoid|softplus"
)
#: What has more channels is a block of a model, whose user may mix them.
_MOST_INPUT_CHANNELS = 4


class ChannelsNeverMixed(Advice):
    """A depthwise convolution after which nothing mixes the channels.

    What it finds:

    In a model of images (at most four channels), a convolution with as many groups as input channels from which every
    way to the output keeps each channel to itself.

    Why it matters:

    Every output channel is made of one single channel before it. A depthwise convolution is meant to be followed by a
    pointwise one; without it, `groups` was probably given by accident.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, padding=1)
                self.last = nn.Conv2d(8, 8, 3, padding=1, groups=8)

            def forward(self, x):
                return self.last(F.relu(self.conv(x)))

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, padding=1)
                self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
                self.last = nn.Conv2d(8, 8, 1)

            def forward(self, x):
                return self.last(self.depthwise(F.relu(self.conv(x))))
    """

    code = "CS308"
    name = "channels-never-mixed"
    help = "make groups=1, or let a 1x1 convolution follow"

    def judge(self, flow: Flow, call: Call) -> Diagnostic | None:
        if flow.layer(call) is None or not _is_depthwise(call) or not _is_model_of_images(flow):
            return None
        if not any(_mixes(c) for c in flow.calls[: call.index]) or not _stays_apart(call, flow):
            return None
        groups = call.parameters["groups"]
        return self.of_call(
            call,
            f"{call.module} has groups={groups}, one for each input channel, and nothing after it mixes the channels",
        )


def _is_depthwise(call: Call) -> bool:
    given = call.parameters
    return (
        _CONVOLUTION.fullmatch(call.op) is not None
        and isinstance(given["groups"], int)
        and given["groups"] == given["in_channels"] > 1
    )


def _mixes(call: Call) -> bool:
    return _CONVOLUTION.fullmatch(call.op) is not None and call.parameters["groups"] == 1


def _is_model_of_images(flow: Flow) -> bool:
    channels = [t.shape[1] for t in flow.inputs if t.rank >= 3]
    return bool(channels) and all(isinstance(c, int) and c <= _MOST_INPUT_CHANNELS for c in channels)


def _stays_apart(call: Call, flow: Flow) -> bool:
    """Whether every way from a call to the outputs is known and leads through what keeps channels apart."""
    pending, seen = [call], set()
    while pending:
        now = pending.pop()
        if now.index in seen:
            continue
        seen.add(now.index)
        readers = flow.readers(now.output)
        if len(now.outputs) > 1 or not (readers or flow.is_returned(now.output)):
            return False
        for reader in readers:
            if reader.input is not now.output or not (_APART.fullmatch(reader.op) or _is_depthwise(reader)):
                return False
            pending.append(reader)
    return True
