"""CS310: redundant-activation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from convsym.diagnostics import Diagnostic
from convsym.rules.advice import Advice

if TYPE_CHECKING:
    from convsym.analysis.flow import Flow
    from convsym.graph.call import Call
    from convsym.graph.tensor import Tensor

#: The identity on what is never negative.
_NO_EFFECT = frozenset({"relu", "leaky_relu", "prelu", "elu", "celu", "abs"})
_NEVER_NEGATIVE = frozenset({"relu", "relu6", "sigmoid", "softmax", "hardsigmoid", "softplus", "abs", "square", "exp"})
#: What gives nothing negative where it is given nothing negative.
_KEEPS_SIGN = re.compile(
    r"(max|avg)_pool[123]d|adaptive_(max|avg)_pool[123]d|dropout[123]?d?|identity|cat|flatten|view|reshape|permute|transpose"
    r"|squeeze|unsqueeze|contiguous|pixel_shuffle|channel_shuffle|mean|amax"
)
_FARTHEST = 16


class RedundantActivation(Advice):
    """An activation of what it leaves as it is.

    What it finds:

    A ReLU, or another activation that changes only negative numbers, of the result of a ReLU, sigmoid or softmax:
    directly, or through pools, dropout and reshapes, which make nothing negative.

    Why it matters:

    It costs time and memory traffic and changes nothing. Often a convolution or a normalisation is missing between
    the two.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)
                self.pool = nn.MaxPool2d(2)

            def forward(self, x):
                x = self.pool(F.relu(self.conv(x)))
                return F.relu(x)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)
                self.pool = nn.MaxPool2d(2)

            def forward(self, x):
                return self.pool(F.relu(self.conv(x)))
    """

    code = "CS310"
    name = "redundant-activation"
    help = "delete one of the two, or put the layer between them that is missing"

    def groups(self, call: Call) -> tuple[Any, ...]:
        # One module may serve many lines: each is judged by itself.
        return ((call.op, call.place, call.definition),)

    def judge(self, flow: Flow, call: Call) -> Diagnostic | None:
        if call.op not in _NO_EFFECT or not call.inputs or not _is_never_negative(call.input, flow, _FARTHEST):
            return None
        return self.of_call(call, f"{call.module or call.op} has no effect: what it is given is never negative")


def _is_never_negative(tensor: Tensor, flow: Flow, farthest: int) -> bool:
    maker = flow.maker(tensor)
    if maker is None or not farthest:
        return False
    if maker.op in _NEVER_NEGATIVE:
        return True
    return (
        _KEEPS_SIGN.fullmatch(maker.op) is not None
        and maker.output is tensor
        and bool(maker.inputs)
        and all(_is_never_negative(t, flow, farthest - 1) for t in maker.inputs)
    )
