"""A file in, diagnostics out."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from convsym.api import analyze
from convsym.diagnostics import Diagnostic, in_order
from convsym.graph.place import Place
from convsym.plugins import broken
from convsym.rules import Rule
from convsym.rules.broken_plugin import BrokenPlugin
from convsym.rules.diagnosis import all_rules
from convsym.rules.failing_constructor import FailingConstructor
from convsym.rules.failing_import import FailingImport
from convsym.rules.missing_arguments import MissingArguments
from convsym.rules.no_such_model import NoSuchModel
from convsym.rules.syntax_error import SyntaxError as SyntaxErrorRule
from convsym.rules.unknown_input import UnknownInput
from convsym.rules.unsupported_operation import UnsupportedOperation
from convsym.rules.unusable_input import UnusableInput
from convsym.trace.absent import reason
from convsym.trace.building import without_weights
from convsym.trace.errors import (
    BadInput,
    ConstructionError,
    DoesNotImport,
    DoesNotParse,
    LoadError,
    NeedsArguments,
)
from convsym.trace.loading import build_file, execute, parse_file, required_arguments
from convsym.trace.slicing import Slices
from convsym.trace.surroundings import surroundings

__all__ = ["build_file", "check_file"]


def check_file(
    path: str | os.PathLike[str], entry: str | None = None, inputs: Sequence[str] | None = None
) -> list[Diagnostic]:
    """Check the models of a Python file.

    `entry` is an expression in the names of the file, as `build_file` takes it. Without one, every module class that
    can be built without arguments and is no part of another one is checked, and every module that the file makes at
    its top level. `inputs` are the specs of the model's inputs; without them they are inferred.

    Whatever is wrong with the file is a diagnostic, never an exception.
    """
    path = os.fspath(path)
    found: list[Diagnostic] = []
    entries = [entry] if entry is not None else []
    if entry is None:
        try:
            entries, failures = entries_of(path)
        except LoadError as error:
            return [of_load_error(error, path)]
        found.extend(of_load_error(failure, path) for failure in failures)
    for one in entries:
        found.extend(_checked(path, one, inputs))
    found.extend(BrokenPlugin().diagnostic(plugin.message, None) for plugin in broken())
    return in_order(dict.fromkeys(found))


def _checked(path: str, entry: str, inputs: Sequence[str] | None) -> Iterator[Diagnostic]:
    from convsym.trace.inference import infer_specs

    try:
        with surroundings(path):
            model = build_file(path, entry)
            specs = list(inputs) if inputs else infer_specs(model)
            if specs is None:
                yield UnknownInput().diagnostic(
                    f"{entry} was not checked: its input cannot be inferred from its first layers", _class_line(model)
                )
                return
            yield from analyze(model, *specs).diagnostics
    except LoadError as error:
        yield of_load_error(error, path)
    except BadInput as error:
        yield UnusableInput().diagnostic(str(error), Place(path, 1))
    except Exception as error:
        message = " ".join(str(error).split())
        yield UnsupportedOperation().diagnostic(
            f"{entry} was not checked: convsym itself failed with {type(error).__name__}: {message}", Place(path, 1)
        )


_LOAD_RULES: tuple[tuple[type[LoadError], type[Rule]], ...] = (
    (DoesNotParse, SyntaxErrorRule),
    (DoesNotImport, FailingImport),
    (NeedsArguments, MissingArguments),
    (ConstructionError, FailingConstructor),
    (LoadError, NoSuchModel),
)


def of_load_error(error: LoadError, path: str) -> Diagnostic:
    """Why a model could not be had, as a diagnostic."""
    rule: Rule = next(rule for kind, rule in _LOAD_RULES if isinstance(error, kind))()
    help = error.help
    if isinstance(error, ConstructionError) and error.layer is not None:
        layer, arguments = error.layer.layer.__name__, error.layer.arguments
        same = next((r for r in all_rules() if r.refuses(layer, arguments)), None)
        if same is not None:
            rule, help = same, same.help
    message = str(error)
    if isinstance(error, ConstructionError) and error.layer is not None:
        message += f" ({_arguments(error.layer.arguments)})"
    return rule.diagnostic(message, error.place or Place(path, 1), error.related, {}, help)


def _arguments(arguments: Any) -> str:
    shown = {k: v for k, v in arguments.items() if isinstance(v, (int, str, tuple)) and not isinstance(v, bool)}
    return ", ".join(f"{name}={value!r}" for name, value in shown.items())


def _class_line(model: nn.Module) -> Place | None:
    code = getattr(type(model).forward, "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if code is not None else None


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
    there = {n: v for n in (*classes, *instances) if reason(v := namespace.get(n)) is None}
    free = [n for n in classes if _is_model(there.get(n)) and not required_arguments(there[n])]
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
