"""CS131: recurrent-state-mismatch."""

from __future__ import annotations

from convsym.rules.rule import Rule


class RecurrentStateMismatch(Rule):
    """A recurrent layer given a state of another shape than it has.

    What it finds:

    A hidden or cell state that has not (layers * directions, batch, hidden_size) elements, for nn.RNN, nn.LSTM, nn.GRU
    and their cells.

    Why it matters:

    torch refuses the call. The batch comes second in a state, with batch_first=True too.

    Bad::

        class Net(nn.Module):
            input = "N L 16"

            def __init__(self):
                super().__init__()
                self.rnn = nn.GRU(16, 32, num_layers=2, batch_first=True)

            def forward(self, x):
                return self.rnn(x, x.new_zeros(1, x.shape[0], 32))[0]

    Good::

        class Net(nn.Module):
            input = "N L 16"

            def __init__(self):
                super().__init__()
                self.rnn = nn.GRU(16, 32, num_layers=2, batch_first=True)

            def forward(self, x):
                return self.rnn(x, x.new_zeros(2, x.shape[0], 32))[0]
    """

    code = "CS131"
    name = "recurrent-state-mismatch"
    kinds = ("recurrent-state",)
    help = "give it (layers * directions, batch, hidden_size), or no state at all"
