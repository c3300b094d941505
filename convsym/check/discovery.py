"""Which models a file has, and which of them can be built without being told how."""

from __future__ import annotations

import ast
from typing import Any

from torch import nn

from convsym.trace.absent import reason
from convsym.trace.building import without_weights
from convsym.trace.errors import ConstructionError, LoadError
from convsym.trace.loading import execute, parse_file, required_arguments
from convsym.trace.slicing import Slices
from convsym.trace.surroundings import surroundings


def entries_of(path: str) -> tuple[list[str], list[LoadError]]:
    """The models of a file that can be built without being told how, and why others cannot even be defined.

    They are the classes that need no arguments and are no part of another one, and what the top level makes of a class
    of the file or of torch.nn.
    """
    slices = parse_file(path)
    classes, instances = slices.classes, [n for n in _assigned_calls(slices) if n not in slices.classes]
    with surroundings(path), without_weights():
        namespace = execute(path, slices, {*classes, *instances})
    failures = [e for n in classes if (e := reason(namespace.get(n))) is not None and _is_called_module(classes[n])]
    for name in instances:
        failure = reason(namespace.get(name))
        if isinstance(failure, ConstructionError) and failure.layer is not None:
            failures.append(failure)
    there: dict[str, Any] = {n: v for n in (*classes, *instances) if reason(v := namespace.get(n)) is None}
    free = [n for n in classes if n in there and _is_model(there[n]) and not required_arguments(there[n])]
    made = [n for n in instances if isinstance(there.get(n), nn.Module)]
    parts = {n for c in free for n in slices.reaches(c) if n != c} | {type(there[n]).__name__ for n in made}
    return [c for c in free if c not in parts] + made, list(dict.fromkeys(failures))


def _is_called_module(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).endswith("Module") for base in node.bases)


def _assigned_calls(slices: Slices) -> list[str]:
    """Names that the top level gives to what a class of the file, or of torch.nn, makes."""
    found = []
    for leaf in slices.leaves:
        node = leaf.node
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.targets) == 1:
            called = ast.unparse(node.value.func)
            if isinstance(node.targets[0], ast.Name) and (called in slices.classes or called.startswith("nn.")):
                found.append(node.targets[0].id)
    return found


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, nn.Module) and value.forward is not nn.Module.forward
