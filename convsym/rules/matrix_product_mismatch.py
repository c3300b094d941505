"""CS114: matrix-product-mismatch."""

from __future__ import annotations

from convsym.rules.rule import Rule


class MatrixProductMismatch(Rule):
    """Matrices whose inner sizes differ.

    What it finds:

    matmul, bmm, mm, addmm, einsum and tensordot of tensors that do not agree on the axis that is summed over or on
    the batch.

    Why it matters:

    torch refuses the call. A missing transpose is the usual reason.

    Bad::

        class Net(nn.Module):
            input = "N 10 16"

            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.zeros(32, 8))

            def forward(self, x):
                return x @ self.weight

    Good::

        class Net(nn.Module):
            input = "N 10 16"

            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.zeros(16, 8))

            def forward(self, x):
                return x @ self.weight
    """

    code = "CS114"
    name = "matrix-product-mismatch"
    kinds = (
        "matmul-mismatch",
        "tensordot-axes",
        "einsum-equation",
        "square-matrix",
        "cross-length",
    )
    help = "transpose one of them, or change its size"
