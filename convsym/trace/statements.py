"""Runs statements of a file one by one: one that raises matters to those who use its names, and to nobody else."""

from __future__ import annotations
import __future__ as future

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from torch import nn

from convsym.graph.place import Place
from convsym.trace.absent import Absent
from convsym.trace.construction import construction_error
from convsym.trace.errors import DoesNotImport, LoadError, in_one_line
from convsym.trace.frames import place_of
from convsym.trace.names import bound_names

# Inside a try statement of the user's, what fails is to be caught there, and that in imported files too.
_strict: ContextVar[bool] = ContextVar("strict", default=False)


def run_all(statements: Sequence[ast.stmt], namespace: dict[str, Any], path: str) -> None:
    """Run statements in a namespace; one that raises leaves `Absent` names behind, which raise once they are used."""
    flags = _future_flags(statements)
    for statement in statements:
        for part in _parts(statement):
            _run(part, namespace, path, flags)


@contextmanager
def _caught_by_the_user() -> Iterator[None]:
    token = _strict.set(True)
    try:
        yield
    finally:
        _strict.reset(token)


def _parts(statement: ast.stmt) -> list[ast.stmt]:
    """The imports that one statement names, each by itself: `import torch, wandb` is to fail for wandb alone."""
    if isinstance(statement, ast.Import):
        return [ast.copy_location(ast.Import([name]), statement) for name in statement.names]
    return [statement]


def _future_flags(statements: Sequence[ast.stmt]) -> int:
    names = [a.name for s in statements if isinstance(s, ast.ImportFrom) and s.module == "__future__" for a in s.names]
    return sum(getattr(future, name).compiler_flag for name in set(names) if name in future.all_feature_names)


def _run(statement: ast.stmt, namespace: dict[str, Any], path: str, flags: int) -> None:
    if _acts_on_module(statement, namespace):
        return
    try:
        code = compile(ast.Module([statement], []), path, "exec", flags, dont_inherit=True)
        with _caught_by_the_user() if isinstance(statement, ast.Try) else nullcontext():
            exec(code, namespace)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if _strict.get():
            raise
        failure = error if isinstance(error, LoadError) else _statement_error(statement, error, path)
        for name in bound_names(statement):
            if name not in namespace or not isinstance(statement, ast.AugAssign):
                namespace[name] = Absent(failure)


def _acts_on_module(statement: ast.stmt, namespace: Mapping[str, Any]) -> bool:
    """Whether a statement calls a method of a model that nn.Module does not have, such as its own training."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return False
    owner = call.func.value
    value = namespace.get(owner.id) if isinstance(owner, ast.Name) else None
    return isinstance(value, nn.Module) and not hasattr(nn.Module, call.func.attr)


def _statement_error(statement: ast.stmt, error: BaseException, path: str) -> LoadError:
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        where = Place(path, statement.lineno)
        inner = place_of(error)
        related = (inner,) if inner is not None and inner.file != path else ()
        missing = isinstance(error, ModuleNotFoundError) and error.name
        return DoesNotImport(
            f"the import {_import_name(statement)} fails: {described(error)}",
            where,
            related,
            f"install {str(error.name).partition('.')[0]}, or check the name"  # type: ignore[attr-defined]
            if missing
            else "mend the module that is imported",
        )
    if isinstance(statement, (ast.Assign, ast.AnnAssign)) and not isinstance(error, (SystemExit, SyntaxError)):
        return construction_error(error, path)
    place = place_of(error) or Place(path, statement.lineno)
    return DoesNotImport(f"line {statement.lineno} fails: {described(error)}", place, help="mend this statement")


def _import_name(statement: ast.Import | ast.ImportFrom) -> str:
    if isinstance(statement, ast.Import):
        return ", ".join(a.name for a in statement.names)
    return "." * statement.level + (statement.module or "")


def described(error: BaseException) -> str:
    """An exception in one line, as a part of a sentence."""
    if isinstance(error, SystemExit):
        return f"the code ends the program (SystemExit {'' if error.code is None else error.code})".replace(" )", ")")
    text = in_one_line(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
