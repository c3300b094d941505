"""Calls that name a model and its input, of the tools that model files are tried out with.

summary(net, (3, 224, 224))                     # torchsummary: without the batch; torchinfo: with it
profile(net, inputs=(x,))                       # thop
get_model_complexity_info(net, (3, 224, 224))   # ptflops
FlopCountAnalysis(net, x); torch.jit.trace(net, x); torch.onnx.export(net, (x,), "net.onnx")
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from convsym.check.expressions import last_name


@dataclass(frozen=True)
class _Tool:
    """Where a tool takes the inputs, and how they are read: tensors as they are, or sizes."""

    keywords: tuple[str, ...]
    read: Callable[[ast.expr], tuple[ast.expr, ...]]
    position: int = 1


def _tensors(node: ast.expr) -> tuple[ast.expr, ...]:
    """One input, or a tuple of all."""
    return tuple(node.elts) if isinstance(node, (ast.Tuple, ast.List)) else (node,)


def _sizes(node: ast.expr) -> tuple[ast.expr, ...]:
    """The sizes of one input, or a list of those of all."""
    return tuple(_made_of(s) for s in _each(node))


def _sizes_without_batch(node: ast.expr) -> tuple[ast.expr, ...]:
    batch = ast.Tuple([ast.Constant(2)], ast.Load())
    as_tuple = [ast.Call(ast.Name("tuple", ast.Load()), [s], []) for s in _each(node)]
    return tuple(_made_of(ast.BinOp(batch, ast.Add(), s)) for s in as_tuple)


def _each(node: ast.expr) -> list[ast.expr]:
    several = isinstance(node, (ast.Tuple, ast.List)) and all(isinstance(e, (ast.Tuple, ast.List)) for e in node.elts)
    return list(node.elts) if several and isinstance(node, (ast.Tuple, ast.List)) else [node]


def _made_of(sizes: ast.expr) -> ast.expr:
    made = ast.Attribute(ast.Name("torch", ast.Load()), "zeros", ast.Load())
    return ast.Call(made, [sizes], [])


_TOOLS: Mapping[str, _Tool] = {
    "profile": _Tool(("inputs",), _tensors),
    "clever_profile": _Tool(("inputs",), _tensors),
    "get_model_complexity_info": _Tool(("input_res",), _sizes_without_batch),
    "stat": _Tool(("input_size",), _sizes_without_batch),
    "FlopCountAnalysis": _Tool(("inputs",), _tensors),
    "ActivationCountAnalysis": _Tool(("inputs",), _tensors),
    "flop_count": _Tool(("inputs",), _tensors),
    "trace": _Tool(("example_inputs",), _tensors),
    "export": _Tool(("args",), _tensors),
    "add_graph": _Tool(("input_to_model",), _tensors),
    "draw_graph": _Tool(("input_data",), _tensors),
}
_SUMMARIES = {"torchsummary": _sizes_without_batch, "torchinfo": _sizes, "torchsummaryX": _tensors}


def counted(call: ast.Call, tree: ast.Module) -> tuple[ast.expr, tuple[ast.expr, ...]] | None:
    """The expressions for the model and its inputs in a call of such a tool; None where it is none."""
    tool = _tool(last_name(call.func), tree)
    if tool is None:
        return None
    given = next((k.value for k in call.keywords if k.arg in tool.keywords), None)
    if given is None and len(call.args) > tool.position:
        given = call.args[tool.position]
    model = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "model"), None)
    return (model, tool.read(given)) if model is not None and given is not None else None


def _tool(name: str, tree: ast.Module) -> _Tool | None:
    if name != "summary":
        return _TOOLS.get(name)
    sources = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)} | {
        alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names
    }
    read = next((read for source, read in _SUMMARIES.items() if source in sources), None)
    return _Tool(("input_size",), read) if read is not None else None
