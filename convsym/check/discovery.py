"""What a file holds that makes a model: classes, factory functions, and what its top level makes itself."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from torch import nn

from convsym.check.arguments.examples import examples
from convsym.check.arguments.written import Call, calls_of
from convsym.check.inputs.comment import Comment, comments, declared
from convsym.graph.place import Place
from convsym.trace.absent import reason
from convsym.trace.errors import LoadError
from convsym.trace.loading import execute, parse_file, required_arguments
from convsym.trace.slicing import Slices

_TRAINS = frozenset({"backward", "step", "zero_grad", "fit"})


@dataclass(frozen=True)
class Maker:
    """A class or function of a file that makes models; `needs` are the parameters without defaults."""

    name: str
    kind: Literal["class", "factory"]
    node: ast.ClassDef | ast.FunctionDef
    value: Callable[..., Any]
    needs: tuple[str, ...]
    comment: Comment | None


@dataclass(frozen=True)
class Contents:
    """A file after the statements that its definitions need have run.

    `makers` are in the file's order, `instances` are the names of modules that the top level makes, and `absent` says
    of the names that could not be defined why.
    """

    path: str
    slices: Slices
    namespace: dict[str, Any]
    makers: dict[str, Maker]
    instances: tuple[str, ...]
    absent: dict[str, LoadError]

    def place(self, name: str) -> Place | None:
        """The line that defines a name."""
        leaf = next((leaf for leaf in self.slices.leaves if name in leaf.binds), None)
        return Place(self.path, leaf.node.lineno) if leaf is not None else None

    def node_of(self, model: nn.Module) -> ast.ClassDef | None:
        """The class of a model as it stands in the file; None where it is of another file."""
        maker = self.makers.get(type(model).__name__)
        return (
            maker.node
            if maker is not None and isinstance(maker.node, ast.ClassDef) and maker.value is type(model)
            else None
        )

    @cached_property
    def calls(self) -> dict[str, list[Call]]:
        """How the file itself calls its makers, in its code and in the examples of its docstrings."""
        return calls_of([self.slices.tree, *self.examples], self.makers)

    @cached_property
    def examples(self) -> list[ast.Module]:
        """The examples of its docstrings."""
        return list(examples(self.slices.tree))

    @cached_property
    def outermost_first(self) -> list[Maker]:
        """The makers, each before those that it uses, and further factories of the same classes after everything."""
        reached = {name: self.slices.reaches(name) - {name} for name in self.makers}
        users = {name: sum(name in r for r in reached.values()) for name in self.makers}
        ordered = sorted(self.makers.values(), key=lambda maker: (users[maker.name], maker.node.lineno))
        made: set[frozenset[str]] = set()
        first: list[Maker] = []
        further: list[Maker] = []
        for maker in ordered:
            classes = frozenset(n for n in reached[maker.name] & self.makers.keys() if self.makers[n].kind == "class")
            is_further = maker.kind == "factory" and bool(classes) and classes in made
            (further if is_further else first).append(maker)
            made.add(classes)
        return [*first, *further]


def discover(path: str) -> Contents:
    """Run what the definitions of a file need, and see which of them make models.

    Call it inside `surroundings(path)` and `without_weights()`. Raises LoadError when the file cannot be read.
    """
    slices = parse_file(path)
    functions = {
        leaf.node.name: leaf.node
        for leaf in slices.leaves
        if isinstance(leaf.node, ast.FunctionDef) and _may_make(leaf.node)
    }
    instances = [name for name in _assigned_calls(slices) if name not in slices.classes]
    wanted = {*slices.classes, *functions, *instances}
    namespace = execute(path, slices, wanted) if wanted else {}
    absent = {n: error for n in wanted if (error := reason(namespace.get(n))) is not None}
    said = comments(slices.source)
    there = {n: namespace[n] for n in namespace.keys() - absent.keys()}
    makers = {
        name: Maker(name, "class", node, there[name], tuple(required_arguments(there[name])), declared(node, said))
        for name, node in slices.classes.items()
        if is_model(there.get(name)) and there[name].__module__ == namespace.get("__name__")
    }
    for name, node in functions.items():
        if callable(there.get(name)) and _makes_model(node, functions, there):
            needs = tuple(required_arguments(there[name]))
            makers[name] = Maker(name, "factory", node, there[name], needs, declared(node, said))
    made = tuple(name for name in instances if isinstance(there.get(name), nn.Module))
    return Contents(path, slices, namespace, makers, made, absent)


def is_model(value: Any) -> bool:
    """Whether a value is a module class that can be called."""
    return isinstance(value, type) and issubclass(value, nn.Module) and value.forward is not nn.Module.forward


def names_module(node: ast.ClassDef) -> bool:
    """Whether a class that could not be defined was to be a module, by the name of a base."""
    return any(ast.unparse(base).rpartition(".")[2].endswith("Module") for base in node.bases)


def _assigned_calls(slices: Slices) -> list[str]:
    """Names that the top level gives to what a class or function of the file, or torch.nn, makes."""
    makers = {*slices.classes, *(leaf.node.name for leaf in slices.leaves if isinstance(leaf.node, ast.FunctionDef))}
    found = []
    for leaf in slices.leaves:
        node = leaf.node
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.targets) == 1:
            called = ast.unparse(node.value.func)
            if isinstance(node.targets[0], ast.Name) and (called in makers or called.startswith("nn.")):
                found.append(node.targets[0].id)
    return list(dict.fromkeys(found))


def _may_make(node: ast.FunctionDef) -> bool:
    """Whether a function returns what a call made, and trains nothing."""
    calls = {n.func.attr for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
    return not (calls & _TRAINS) and bool(list(_returned(node)))


def _returned(node: ast.FunctionDef) -> Iterator[ast.expr]:
    """The values that a function returns, names replaced by the call that was assigned to them last."""
    assigned: dict[str, ast.expr] = {}
    for inner in _own(node):
        if isinstance(inner, ast.Assign) and isinstance(inner.value, ast.Call):
            assigned.update((t.id, inner.value) for t in inner.targets if isinstance(t, ast.Name))
        elif isinstance(inner, ast.Return) and inner.value is not None:
            value = inner.value
            yield assigned.get(value.id, value) if isinstance(value, ast.Name) else value


def _own(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield child
            yield from _own(child)


def _makes_model(node: ast.FunctionDef, functions: dict[str, ast.FunctionDef], namespace: dict[str, Any]) -> bool:
    """Whether everything that a function returns is a module, as far as its own text says so."""
    seen: set[str] = set()

    def makes(function: ast.FunctionDef) -> bool:
        if function.name in seen:
            return False
        seen.add(function.name)
        if function.returns is not None and is_model(_resolved(function.returns, namespace)):
            return True
        values = list(_returned(function))
        return bool(values) and all(isinstance(v, ast.Call) and made_by(v.func) for v in values)

    def made_by(called: ast.expr) -> bool:
        if isinstance(called, ast.Name) and called.id in functions:
            return makes(functions[called.id])
        return is_model(_resolved(called, namespace))

    return makes(node)


def _resolved(node: ast.expr, namespace: dict[str, Any]) -> Any:
    """What a dotted name stands for; None where it is no such name."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return namespace.get(node.value)
    if isinstance(node, ast.Attribute):
        owner = _resolved(node.value, namespace)
        return getattr(owner, node.attr, None) if reason(owner) is None else None
    return namespace.get(node.id) if isinstance(node, ast.Name) else None
