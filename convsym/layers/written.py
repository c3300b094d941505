"""One layer, written as in Python, analysed by itself."""

from __future__ import annotations

import ast
import difflib
import re
from typing import TYPE_CHECKING, Any

from convsym.trace.errors import BadInput

if TYPE_CHECKING:
    from torch import nn

    from convsym.analysis.result import Analysis

#: The sizes after batch and channels, by the number of axes in a layer's name.
AXES = {"1d": "L", "2d": "H W", "3d": "D H W"}


def layer(text: str, *specs: str) -> Analysis:
    """Analyse one layer of torch.nn that is written as in Python, with literal arguments.

    Without specs its input is "N C H W" with the axes that its name says and the channels that it expects.

    >>> layer("ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)").outputs.shape
    (N, 8, 2*H, 2*W)

    Raises BadInput when the text is no layer, torch refuses its arguments, or its input cannot be told from it.
    """
    from convsym.api import analyze

    module = build_layer(text)
    given = specs or (input_of(module),)
    return analyze(module, *given)


def build_layer(text: str) -> nn.Module:
    """The layer, without weights.

    Raises BadInput when the text is no layer of torch.nn with literal arguments, or torch refuses the arguments.
    """
    from convsym.trace.building import without_weights

    kind, args, kwargs = _parsed(text)
    with without_weights():
        try:
            return kind(*args, **kwargs)
        except Exception as error:
            lines = str(error).strip().splitlines()
            raise BadInput(f"torch refuses {text}: {lines[0] if lines else type(error).__name__}") from None


def _parsed(text: str) -> tuple[type[nn.Module], list[Any], dict[str, Any]]:
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise BadInput(f"{text!r} is no Python: {getattr(error, 'msg', error)}") from None
    if not isinstance(call, ast.Call) or any(k.arg is None for k in call.keywords):
        raise BadInput(f"{text!r} is no layer; write one with its arguments, as in Conv2d(3, 16, 3)")
    kind = _layer_named(ast.unparse(call.func))
    try:
        args = [ast.literal_eval(a) for a in call.args]
        kwargs = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
    except ValueError:
        raise BadInput(f"the arguments of {text!r} must be plain numbers, strings and tuples") from None
    return kind, args, kwargs


def _layer_named(name: str) -> type[nn.Module]:
    from torch import nn

    bare = name.removeprefix("torch.").removeprefix("nn.")
    found = getattr(nn, bare, None) if bare.isidentifier() else None
    if isinstance(found, type) and issubclass(found, nn.Module) and found is not nn.Module:
        return found
    layers = [n for n, kind in vars(nn).items() if isinstance(kind, type) and issubclass(kind, nn.Module)]
    near = difflib.get_close_matches(bare, layers, 3)
    raise BadInput(f"torch.nn has no layer {name}" + (f"; did you mean {', '.join(near)}?" if near else ""))


def input_of(module: nn.Module) -> str:
    """The input spec of a layer: batch, the channels it expects, and the axes of its name.

    >>> from torch import nn
    >>> input_of(nn.Conv3d(4, 8, 3)), input_of(nn.MaxPool1d(2)), input_of(nn.Linear(8, 2))
    ('N 4 D H W', 'N C L', 'N 8')

    Raises BadInput when nothing in the layer says what its input is.
    """
    from torch import nn

    from convsym.trace.inference import infer_specs

    known = infer_specs(module)
    if known is not None:
        return known[0]
    kind = type(module).__name__
    rank = re.search(r"[123]d$", kind)
    if rank is not None:
        # A lazy layer holds 0 until it has seen an input.
        channels = getattr(module, "num_features", 0) or "C"
        return f"N {channels} {AXES[rank[0]]}"
    if isinstance(module, nn.GroupNorm):
        return f"N {module.num_channels} H W"
    if isinstance(module, (nn.LayerNorm, nn.RMSNorm)):
        return "N " + " ".join(map(str, module.normalized_shape))
    if isinstance(module, nn.PixelShuffle):
        return f"N {module.upscale_factor**2}*C H W"
    if isinstance(module, nn.LazyLinear):
        return "N C"
    if not any(True for _ in module.parameters()) and not any(True for _ in module.children()):
        return "N C H W"
    raise BadInput(f'the input of {kind} cannot be told from the layer; give it, as in "N L 64"')
