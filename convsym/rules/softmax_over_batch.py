"""CS309: softmax-over-batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic
from convsym.rules.advice import Advice

if TYPE_CHECKING:
    from convsym.analysis.flow import Flow
    from convsym.graph.call import Call

_OPERATIONS = frozenset({"softmax", "log_softmax", "softmin", "gumbel_softmax"})
_BATCH = frozenset({"N", "n", "B", "b", "batch"})


class SoftmaxOverBatch(Advice):
    """A softmax over the axis of the batch.

    What it finds:

    A softmax, log_softmax or softmin along an axis whose size is the batch: N or B, the first size of the inputs.

    Why it matters:

    The samples of a batch compete with each other, and what the model says of one depends on which others it was
    given with. Common with `dim=0`, and with `F.softmax(x)` without `dim`, which is axis 0 for three axes.

    Bad::

        class Net(nn.Module):
            input = "N 3"

            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(3, 10)

            def forward(self, x):
                return F.softmax(self.fc(x), dim=0)

    Good::

        class Net(nn.Module):
            input = "N 3"

            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(3, 10)

            def forward(self, x):
                return F.softmax(self.fc(x), dim=1)
    """

    code = "CS309"
    name = "softmax-over-batch"
    help = "give the axis of the classes or of the positions: dim=1, or dim=-1"

    def judge(self, flow: Flow, call: Call) -> Diagnostic | None:
        axis = call.parameters.get("dim")
        if call.op not in _OPERATIONS or not isinstance(axis, int) or call.input.rank < 2:
            return None
        size = str(call.input.shape[axis])
        if size not in _BATCH or any(not t.rank or str(t.shape[0]) != size for t in flow.inputs):
            return None
        return self.of_call(call, f"{call.module or call.op} with dim={axis} runs over {size}, the batch")
