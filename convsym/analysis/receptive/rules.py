"""What each operation does to the grids of its input.

Statistics of a normalisation are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from convsym.analysis.receptive import axes, grids
from convsym.analysis.receptive.seen import Given, Lost, Seen
from convsym.graph.call import Call
from convsym.ops import (
    activation,
    batch_norm,
    binary,
    compare,
    convert,
    dropout,
    memory,
    normalise,
    special,
    ternary,
    unary,
)

#: Families whose results depend, element by element, on what stands at the same place.
_FAMILIES = (activation, batch_norm, binary, compare, convert, dropout, memory, normalise, special, ternary, unary)
LOCAL = frozenset(rule.name for family in _FAMILIES for rule in family.RULES) | {"channel_shuffle", "requires_grad_"}


def after(call: Call, given: Given) -> Seen:
    """What is known of a call's outputs; `given` pairs its inputs with what is known of them, None where they do not
    depend on the input."""
    known = [seen for _, seen in given if seen is not None]
    if Lost.UNKNOWN in known:
        return Lost.UNKNOWN
    rule = RULES.get(call.op)
    if rule is not None:
        return rule(call, given)
    return axes.together(call, given) if call.op in LOCAL else Lost.UNKNOWN


RULES: Mapping[str, Callable[[Call, Given], Seen]] = {
    **{f"{name}{n}d": grids.window for name in ("conv", "max_pool", "avg_pool", "lp_pool") for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": grids.transposed_window for n in (1, 2, 3)},
    **{f"adaptive_{kind}_pool{n}d": grids.pooled_to_size for kind in ("avg", "max") for n in (1, 2, 3)},
    **dict.fromkeys(("chunk", "split", "tensor_split", "unbind", "select", "narrow", "getitem"), axes.part),
    **dict.fromkeys(("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as"), axes.reshaped),
    **dict.fromkeys(
        ("mean", "sum", "amax", "amin", "max", "min", "std", "var", "norm", "logsumexp", "prod"), axes.reduced
    ),
    **dict.fromkeys(("linear", "matmul", "bmm", "mm", "einsum", "scaled_dot_product_attention"), axes.matrix_product),
    **dict.fromkeys(("softmax", "log_softmax", "softmin"), axes.normalised_over),
    **dict.fromkeys(("permute", "transpose"), axes.permuted),
    **dict.fromkeys(("expand", "repeat"), axes.repeated),
    "cat": axes.concatenated,
    "stack": axes.stacked,
    "pad": grids.padded,
    "interpolate": grids.interpolated,
    "pixel_shuffle": grids.shuffled,
    "pixel_unshuffle": grids.unshuffled,
}
