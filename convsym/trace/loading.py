"""From a file and an expression to a module: only what the model needs is executed."""

from __future__ import annotations

import ast
import builtins
import difflib
import importlib
import importlib.util
import inspect
import itertools
import os
import sys
import types
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import nn

from convsym.graph.place import Place
from convsym.trace.absent import reason
from convsym.trace.building import without_weights
from convsym.trace.construction import construction_error
from convsym.trace.contents import contents
from convsym.trace.errors import (
    BadTarget,
    DoesNotImport,
    DoesNotParse,
    LoadError,
    NeedsArguments,
    NoModule,
    NoSuchName,
)
from convsym.trace.frames import place_of
from convsym.trace.names import free_names
from convsym.trace.open_arguments import Recipe, namespaces_of
from convsym.trace.slicing import Slices
from convsym.trace.statements import described, run_all
from convsym.trace.surroundings import forget_package, import_package, package_of, surroundings

_numbers = itertools.count(1)


def build_file(path: str | os.PathLike[str], entry: str) -> nn.Module:
    """Build a model that a Python file defines, without weights and without running the rest of the file.

    `entry` is an expression in the names of the file: a class that can be called without arguments, a call such as
    `UNet(3)` or `build(Config(widths=(4, 8)))`, a factory function, or an instance. Of the file, only the statements
    that the expression needs are executed; what stands under `if __name__ == "__main__"` never is.

    Raises LoadError, whose subclasses say what was wrong: the file, its syntax, an import, a name, missing arguments,
    the constructor, or that what was built is no module.
    """
    path = os.fspath(path)
    slices = parse_file(path)
    expression = _parsed_entry(entry)
    with surroundings(path), without_weights():
        namespace = execute(path, slices, free_names(expression))
        return _module_from(expression, entry, namespace, slices, path)


def built(entry: str, namespace: dict[str, Any], slices: Slices, path: str) -> nn.Module:
    """Build a model from the names of a file that has been executed.

    Call it inside `surroundings(path)` and `without_weights()`. Raises LoadError as `build_file` does.
    """
    return _module_from(_parsed_entry(entry), entry, namespace, slices, path)


def load_target(target: str) -> nn.Module:
    """Build the model that a target names.

    A target is `file.py:Name`, `file.py:Name(in_channels=3)`, `package.module:name` or `package.module:name(...)`.

    Raises LoadError as `build_file` does.
    """
    file, entry = split_target(target)
    if _is_path(file):
        return build_file(file, entry)
    expression = _parsed_entry(entry)
    with surroundings(os.path.join(os.getcwd(), "target")), without_weights():
        return _module_from(expression, entry, _imported(file), None, file)


def load_recipe(target: str) -> nn.Module | Recipe:
    """As `load_target`, but names among the arguments that nothing defines are sizes left open: `unet.py:UNet(base=c)`.

    Raises LoadError as `build_file` does.
    """
    file, entry = split_target(target)
    expression = _parsed_entry(entry)
    if not isinstance(expression, ast.Call):
        return load_target(target)
    slices = None
    if _is_path(file):
        slices = parse_file(file)
        with surroundings(file):
            namespace = execute(file, slices, free_names(expression).intersection(slices.names))
    else:
        with surroundings(os.path.join(os.getcwd(), "target")):
            namespace = _imported(file)
    scope = {"torch": torch, "nn": nn, **namespace}
    arguments = (*expression.args, *(keyword.value for keyword in expression.keywords))
    used = sorted(set().union(*map(free_names, arguments)))
    names = tuple(name for name in used if _is_open(name, scope, namespace if slices is None else slices.names))
    if not names:
        return load_target(target)
    _refuse_unknown(expression, {**scope, **dict.fromkeys(names)}, slices, file)
    code = compile(ast.Expression(expression), "<entry>", "eval")
    return Recipe(
        lambda **sizes: eval(code, {**scope, **sizes}),
        names,
        namespaces_of(namespace, [scope[name] for name in free_names(expression) if name in scope]),
    )


def _is_path(file: str) -> bool:
    return file.endswith(".py") or os.sep in file


def _imported(package: str) -> dict[str, Any]:
    try:
        return vars(importlib.import_module(package))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise DoesNotImport(f"cannot import {package}: {described(error)}", place_of(error)) from None


def _is_open(name: str, scope: Mapping[str, Any], known: Collection[str]) -> bool:
    """Whether a name stands for a size that nobody knows, and is no misspelling of a known one."""
    if name in scope or name in known or hasattr(builtins, name):
        return False
    return len(name) == 1 or not difflib.get_close_matches(name, known, 1, 0.7)


def split_target(target: str) -> tuple[str, str]:
    """The file or package of a target, and the expression.

    >>> split_target("models/unet.py:UNet(3)")
    ('models/unet.py', 'UNet(3)')
    """
    at = target.find(".py:")
    at = at + 3 if at >= 0 else target.find(":")
    file, entry = (target[:at], target[at + 1 :]) if at >= 0 else (target, "")
    if file.strip() and entry.strip():
        return file.strip(), entry.strip()
    hint = ""
    if os.path.isfile(target):
        classes = list(parse_file(target).classes)
        hint = f"; {target} defines {', '.join(classes)}" if classes else ""
    raise BadTarget(f"{target!r} names no model; write file.py:Name or package.module:Name(...){hint}")


def parse_file(path: str) -> Slices:
    """Parse a file.

    Raises BadTarget when it cannot be read and DoesNotParse when it is no Python.
    """
    try:
        source = contents(path)
    except FileNotFoundError:
        raise BadTarget(f"there is no file {path}") from None
    except OSError as error:
        raise BadTarget(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        return Slices(
            ast.parse(source, path), source if isinstance(source, str) else importlib.util.decode_source(source)
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        message = getattr(error, "msg", None) or str(error) or "too deeply nested"
        place = Place(path, line, getattr(error, "offset", None) or 0)
        raise DoesNotParse(f"the file does not parse: {message}", place, help="mend the syntax of this line") from None


def execute(path: str, slices: Slices, names: set[str]) -> dict[str, Any]:
    """Run what these names need, and return the namespace in which they then exist.

    A statement that raises leaves `Absent` names behind, which raise its error once they are used. Call it inside
    `surroundings(path)`.
    """
    statements = slices.needed(names)
    level = max((n.level for s in statements for n in ast.walk(s) if isinstance(n, ast.ImportFrom)), default=0)
    package, folders = package_of(path, level)
    if folders:
        outer = os.path.dirname(folders[0][1])
        if outer not in sys.path:
            sys.path.insert(0, outer)
        own = f"{package}.{os.path.splitext(os.path.basename(path))[0]}"
        if own in sys.modules:
            # It may have been another text then.
            forget_package(package)
        import_package(folders)
        itself = sys.modules.get(own)
        if itself is not None and os.path.abspath(itself.__file__ or "") == os.path.abspath(path):
            # Its package has run it. What it registers somewhere would be there twice after a second time.
            return vars(itself)
    module = types.ModuleType(f"_convsym_file_{next(_numbers)}_{os.path.splitext(os.path.basename(path))[0]}")
    module.__file__ = path
    module.__package__ = package
    # Dataclasses and type hints look a class's module up by its name.
    sys.modules[module.__name__] = module
    namespace = vars(module)
    run_all(statements, namespace, path)
    return namespace


def _parsed_entry(entry: str) -> ast.expr:
    try:
        return ast.parse(entry.strip(), "<entry>", "eval").body
    except (SyntaxError, ValueError):
        raise BadTarget(f"{entry!r} is no Python expression; write a name or a call such as Net(3)") from None


def _module_from(
    expression: ast.expr, entry: str, namespace: dict[str, Any], slices: Slices | None, where: str
) -> nn.Module:
    scope = {"torch": torch, "nn": nn, **namespace}
    _refuse_unknown(expression, scope, slices, where)
    code = compile(ast.Expression(expression), "<entry>", "eval")
    value = _called(lambda: eval(code, scope), where)
    if (failure := reason(value)) is not None:
        raise failure
    if not isinstance(value, nn.Module) and callable(value):
        _refuse_missing_arguments(value, entry)
        maker = value
        value = _called(lambda: maker(), where)
    if not isinstance(value, nn.Module):
        raise NoModule(
            f"{entry} is no nn.Module but {_kind(value)}", help="name a class, an instance or a function that makes one"
        )
    return value


def _called(make: Callable[[], Any], where: str) -> Any:
    try:
        return make()
    except (LoadError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise construction_error(error, where) from None


def _refuse_unknown(expression: ast.expr, scope: Mapping[str, Any], slices: Slices | None, where: str) -> None:
    known = list(scope) if slices is None else slices.names
    builtin = scope.get("__builtins__")
    builtins = builtin if isinstance(builtin, dict) else vars(builtin or __import__("builtins"))
    for name in sorted(free_names(expression)):
        if name in scope or name in builtins:
            continue
        near = difflib.get_close_matches(name, [k for k in known if not k.startswith("_")], 3, 0.5)
        if not near and slices is not None:
            near = list(slices.classes)[:5]
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise NoSuchName(f"{where} has no name {name!r}{hint}", help="name a class or a function of the file")


def _refuse_missing_arguments(value: Callable[..., Any], entry: str) -> None:
    missing = required_arguments(value)
    if missing:
        line = _line_of(value)
        names = ", ".join(missing)
        raise NeedsArguments(
            f"{entry} cannot be called without arguments: it needs {names}",
            line,
            help=f"write {entry}({', '.join(f'{n}=...' for n in missing)})",
        )


def required_arguments(value: Callable[..., Any]) -> list[str]:
    """The parameters that a class or a function cannot be called without."""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def _line_of(value: Any) -> Place | None:
    function = vars(value).get("__init__", value) if isinstance(value, type) else value
    code = getattr(inspect.unwrap(function), "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if code is not None else None


def _kind(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
