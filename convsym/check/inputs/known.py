"""What the class of a model says of its inputs: annotations of the forward, docstrings."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torch import nn

from convsym.check.inputs.annotations import annotated
from convsym.check.inputs.docstring import documented
from convsym.check.inputs.given import Given


def known_inputs(model: nn.Module, node: ast.ClassDef | None) -> Iterator[Given]:
    """The inputs that a class states, what is sure before what is likely."""
    forward = (
        next((s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == "forward"), None) if node else None
    )
    if node is None or forward is None:
        return
    for found in (annotated(forward), documented(node, forward)):
        if found is not None:
            yield found
