"""Modules that a model holds and does not use, as far as its source and its forward tell."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any

from torch import nn

from convsym.graph.place import Place
from convsym.trace.contents import contents
from convsym.trace.frames import is_user_code

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis

#: With these a class reaches its modules by names that are not written in it.
_BY_OTHER_NAMES = frozenset({"children", "named_children", "_modules", "__dict__", "vars", "locals", "eval", "exec"})
_DEEPEST = 3


def layers_never_used(analysis: Analysis) -> Iterator[tuple[str, nn.Module, nn.Module]]:
    """Modules with parameters that no way through the forward calls and no code of their file reads.

    Each with its path and its owner; of a module in such a module nothing is said.
    """
    called = _called(analysis)
    read = cache(_attributes_read)
    for path, owner in analysis.model.named_modules():
        files = _files_of(type(owner))
        if not files or (path and path not in called):
            continue
        for name, layer in owner.named_children():
            whole = f"{path}.{name}" if path else name
            if whole in called or not any(True for _ in layer.parameters()):
                continue
            names = [read(file) for file in files]
            if all(known is not None and name not in known for known in names):
                yield whole, owner, layer


def _called(analysis: Analysis) -> set[str]:
    """The paths of all modules in which something was called, on any way, whether it runs or not."""
    found: set[str] = set()
    for path in {call.path for way in analysis.ways for call in way.calls}:
        while path not in found:
            found.add(path)
            path = path.rpartition(".")[0]
    return found


def _files_of(kind: type) -> list[str]:
    """The files that the code of a class and of its bases comes from, torch's own left out."""
    functions = [f for c in kind.__mro__ for f in vars(c).values() if isinstance(f, FunctionType)]
    return list(dict.fromkeys(f.__code__.co_filename for f in functions if is_user_code(f.__code__)))


def _attributes_read(file: str) -> frozenset[str] | None:
    """The names of attributes that a file reads, strings among them; None where it may read any."""
    tree = _tree(file)
    if tree is None:
        return None
    found: set[str] = set()
    for node in ast.walk(tree):
        name = getattr(node, "attr", getattr(node, "id", None))
        if name in _BY_OTHER_NAMES:
            return None
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, (ast.Load, ast.Del)):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Call) and name_of(node.func) == "getattr" and not _is_plain_getattr(node):
            return None
    return frozenset(found)


def _is_plain_getattr(call: ast.Call) -> bool:
    return len(call.args) > 1 and isinstance(call.args[1], ast.Constant)


def name_of(node: ast.expr) -> str:
    """The last name of a dotted one; empty for other expressions."""
    return getattr(node, "attr", getattr(node, "id", ""))


def _tree(file: str) -> ast.Module | None:
    try:
        return ast.parse(contents(file))
    except (OSError, SyntaxError, ValueError):
        return None


def hidden_in_containers(model: nn.Module) -> Iterator[tuple[str, str, Any, list[nn.Module]]]:
    """Plain containers with trainable parameters that `parameters()` does not find.

    Each with the path of its owner, its name, itself and the modules in it. What is hidden on purpose is left out:
    names that begin with an underscore, a single module in brackets.
    """
    registered = {id(parameter) for parameter in model.parameters()}

    def is_hidden(parameters: Iterable[nn.Parameter]) -> bool:
        return any(p.requires_grad and id(p) not in registered for p in parameters)

    for path, owner in model.named_modules():
        for name, value in vars(owner).items():
            if name.startswith("_") or not isinstance(value, (list, tuple, set, dict)) or len(value) < 2:
                continue
            held = list(_held(value, _DEEPEST))
            modules = [m for m in held if isinstance(m, nn.Module) and is_hidden(m.parameters())]
            if modules or is_hidden(p for p in held if isinstance(p, nn.Parameter)):
                yield path, name, value, modules


def _held(value: Any, depth: int) -> Iterator[Any]:
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, (nn.Module, nn.Parameter)):
            yield item
        elif isinstance(item, (list, tuple, set, dict)) and depth:
            yield from _held(item, depth - 1)


def results_never_read(analysis: Analysis) -> Iterator[tuple[str, str, Place]]:
    """Calls `name = self.layer(...)` in a forward that never reads the name, with the path of the layer."""
    called = _called(analysis)
    for path, owner in analysis.model.named_modules():
        code = getattr(type(owner).forward, "__code__", None)
        if code is None or not is_user_code(code) or (path and path not in called):
            continue
        function = _function_at(code.co_filename, code.co_firstlineno)
        for name, attribute, line in _never_read(function) if function is not None else ():
            layer = getattr(owner, attribute, None)
            whole = f"{path}.{attribute}" if path else attribute
            if isinstance(layer, nn.Module) and whole in called and any(True for _ in layer.parameters()):
                yield whole, name, Place(code.co_filename, line)


def _function_at(file: str, line: int) -> ast.FunctionDef | None:
    tree = _tree(file)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.FunctionDef) and line in (node.lineno, *(d.lineno for d in node.decorator_list)):
            return node
    return None


def _never_read(function: ast.FunctionDef) -> Iterator[tuple[str, str, int]]:
    """Names given to the result of `self.layer(...)` and not read: the name, the layer, the line."""
    nodes = list(ast.walk(function))
    names = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Store)}
    names |= {n.target.id for n in nodes if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
    names |= {name for n in nodes if isinstance(n, (ast.Global, ast.Nonlocal)) for name in n.names}
    if names & _BY_OTHER_NAMES:
        return
    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name, called = node.targets[0].id, node.value
            if name in names or name.startswith("_") or not isinstance(called, ast.Call):
                continue
            layer = called.func
            if isinstance(layer, ast.Attribute) and name_of(layer.value) == "self":
                yield name, layer.attr, node.lineno
