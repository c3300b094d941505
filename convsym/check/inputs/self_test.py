"""The trial run that many model files end in, read and not run.

    if __name__ == "__main__":
        net = UNet(n_channels=3, n_classes=2)
        out = net(torch.randn(1, 3, 256, 256))

says in so many words how the model is built and what it takes. Names are replaced by what was last assigned to them,
until the call of the model is an expression in the names of the file.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from convsym.check.expressions import altered_names, is_large, last_name, replaced
from convsym.check.inputs.counters import counted

# Methods that give back the model or the tensor that they are called on, as far as shapes go.
_SAME = frozenset(
    {"to", "cuda", "cpu", "eval", "train", "requires_grad_", "share_memory", "contiguous", "detach", "clone", "apply"}
)
_PARALLEL = frozenset({"DataParallel", "DistributedDataParallel", "compile"})
_LARGEST = 2000
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: bool(a == b),
    ast.NotEq: lambda a, b: bool(a != b),
    ast.In: lambda a, b: bool(a in b),
    ast.NotIn: lambda a, b: bool(a not in b),
    ast.Is: lambda a, b: a is b,
    ast.IsNot: lambda a, b: a is not b,
}


@dataclass(frozen=True)
class SelfTest:
    """One call of a model: the expression that builds it, and those of its inputs, in the names of the file."""

    entry: str
    args: tuple[ast.expr, ...]
    kwargs: dict[str, ast.expr]
    line: int


@dataclass
class _Scope:
    """What the names of a block stand for, as far as it has been read."""

    makers: Container[str]
    tree: ast.Module
    values: dict[str, ast.expr] = field(default_factory=dict)

    def meant(self, node: ast.expr) -> ast.expr:
        """The expression with every name that the block assigned replaced."""
        return replaced(node, self.values)

    def model(self, node: ast.expr) -> ast.Call | None:
        """The call that builds the model an expression stands for, or None when it stands for no model."""
        while isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute) and called.attr in _SAME:
                node = called.value
            elif last_name(called) in _PARALLEL and node.args:
                node = node.args[0]
            elif last_name(called) in self.makers:
                return node
            else:
                return None
        return None


def self_tests(tree: ast.Module, makers: Container[str]) -> list[SelfTest]:
    """The calls of models that a file makes on its own account, in order; `makers` are its classes and factories."""
    found: list[SelfTest] = []
    top = _Scope(makers, tree)
    found += _read(tree.body, top, main=False)
    functions = {s.name: s for s in tree.body if isinstance(s, ast.FunctionDef)}
    for name, function in functions.items():
        if (name.startswith("test") or name in ("main", "demo", "check", "run")) and name not in makers:
            found += _read(function.body, _Scope(makers, tree, _defaults(function)), main=True)
    return list({(t.entry, *map(ast.dump, t.args), *t.kwargs): t for t in found}.values())


def _defaults(function: ast.FunctionDef) -> dict[str, ast.expr]:
    names = [*function.args.posonlyargs, *function.args.args]
    given = function.args.defaults
    return {a.arg: d for a, d in zip(names[len(names) - len(given) :], given, strict=True)}


def _read(body: list[ast.stmt], scope: _Scope, main: bool) -> Iterator[SelfTest]:
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(statement, ast.If):
            yield from _read_branches(statement, scope, main)
            continue
        inner = [part for name in ("body", "orelse", "finalbody") if (part := getattr(statement, name, None))]
        if inner:
            for name in _assigned_in_header(statement):
                scope.values.pop(name, None)
            for part in inner:
                yield from _read(part, scope, main)
            continue
        value = getattr(statement, "value", None)
        if isinstance(value, ast.expr) and is_large(value):
            continue
        yield from _calls(statement, scope)
        _assign(statement, scope)
        for name in altered_names(statement):
            scope.values.pop(name, None)


def _read_branches(statement: ast.If, scope: _Scope, main: bool) -> Iterator[SelfTest]:
    """The branch that is taken, where the values that were read decide it, else each by itself: what they make
    different is not known after them."""
    taken = _known(scope.meant(statement.test))
    if taken is not None or not statement.orelse:
        yield from _read(statement.orelse if taken is False else statement.body, scope, main)
        return
    ends = []
    for branch in (statement.body, statement.orelse):
        inside = replace(scope, values=dict(scope.values))
        yield from _read(branch, inside, main)
        ends.append({name: ast.dump(_without_moves(value)) for name, value in inside.values.items()})
        last = inside.values
    same = dict(ends[0].items() & ends[1].items())
    scope.values = {name: value for name, value in last.items() if name in same}


def _known(test: ast.expr) -> bool | None:
    """What a literal, or a comparison of two, comes to; None where it is none."""
    try:
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _COMPARED:
            return _COMPARED[type(test.ops[0])](ast.literal_eval(test.left), ast.literal_eval(test.comparators[0]))
        return bool(ast.literal_eval(test))
    except (TypeError, ValueError):
        return None


def _without_moves(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SAME:
        node = node.func.value
    return node


def _assigned_in_header(statement: ast.stmt) -> set[str]:
    targets = [getattr(statement, "target", None), *(i.optional_vars for i in getattr(statement, "items", ()))]
    return {n.id for t in targets if t is not None for n in ast.walk(t) if isinstance(n, ast.Name)}


def _assign(statement: ast.stmt, scope: _Scope) -> None:
    if isinstance(statement, ast.Assign):
        pairs = [(target, statement.value) for target in statement.targets]
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        pairs = [(statement.target, statement.value)]
    else:
        if isinstance(statement, ast.AugAssign):
            scope.values.pop(getattr(statement.target, "id", ""), None)
        return
    new: dict[str, ast.expr] = {}
    for target, value in pairs:
        if isinstance(target, ast.Name):
            new[target.id] = scope.meant(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            new.update(
                (t.id, scope.meant(v)) for t, v in zip(target.elts, value.elts, strict=True) if isinstance(t, ast.Name)
            )
        else:
            for name in _names(target):
                scope.values.pop(name, None)
    # What grew out of all bounds is no plain trial run.
    scope.values.update((n, v) for n, v in new.items() if sum(1 for _ in ast.walk(v)) < _LARGEST)


def _names(target: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _calls(statement: ast.stmt, scope: _Scope) -> Iterator[SelfTest]:
    for node in ast.walk(statement):
        if not isinstance(node, ast.Call):
            continue
        named = counted(node, scope.tree)
        if named is not None:
            model, args = scope.model(scope.meant(named[0])), named[1]
            keywords: list[ast.keyword] = []
        else:
            called = node.func
            if isinstance(called, ast.Attribute) and called.attr == "forward":
                called = called.value
            model = scope.model(scope.meant(called)) if isinstance(called, (ast.Name, ast.Call)) else None
            args, keywords = tuple(node.args), node.keywords
        if model is None or any(isinstance(a, ast.Starred) for a in args) or not (args or keywords):
            continue
        if any(k.arg is None for k in keywords):
            continue
        yield SelfTest(
            ast.unparse(model),
            tuple(scope.meant(a) for a in args),
            {str(k.arg): scope.meant(k.value) for k in keywords},
            node.lineno,
        )
