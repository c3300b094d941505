"""CS126: attention-shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convsym.rules.rule import Rule


class AttentionShapes(Rule):
    """Attention whose heads or mask do not fit.

    What it finds:

    An embedding that the heads do not divide, key and value heads that do not divide the query heads, and masks of
    another shape than queries by keys.

    Why it matters:

    torch refuses to build or to run the layer.

    Bad::

        class Net(nn.Module):
            input = "N 10 30"

            def __init__(self):
                super().__init__()
                self.attention = nn.MultiheadAttention(30, 4, batch_first=True)

            def forward(self, x):
                return self.attention(x, x, x)[0]

    Good::

        class Net(nn.Module):
            input = "N 10 32"

            def __init__(self):
                super().__init__()
                self.attention = nn.MultiheadAttention(32, 4, batch_first=True)

            def forward(self, x):
                return self.attention(x, x, x)[0]
    """

    code = "CS126"
    name = "attention-shapes"
    kinds = (
        "attention-heads",
        "attention-mask",
    )
    help = "choose a number of heads that divides the embedding"

    def refuses(self, layer: str, arguments: Mapping[str, Any]) -> bool:
        width, heads = arguments.get("embed_dim"), arguments.get("num_heads")
        return isinstance(width, int) and isinstance(heads, int) and (heads < 1 or width % heads != 0)
