"""Which statements of a file have to run for a name to exist.

Model files are often scripts. What a class or a function needs is found by following names: imports, definitions,
assignments, and statements that change an assigned object (`parser.add_argument(...)`, `layers.append(...)`). The
training loop below them needs the model, but the model does not need it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from convsym.trace.names import bound_names, changed_names, free_names

# Calls that a statement may hold only where something is trained, shown or stored.
_TRAINS = frozenset({"backward", "step", "zero_grad", "fit", "fit_transform"})
_ACTS = _TRAINS | {
    *("save", "savefig", "show", "plot", "write", "close", "download", "summary", "log", "log_metrics", "watch"),
    *("evaluate", "predict", "validate", "test", "run", "start", "join", "launch", "main", "finish", "submit", "serve"),
}
# With these, any name may be meant.
_BY_STRING = frozenset({"globals", "locals", "eval", "exec", "vars", "__subclasses__", "__init_subclass__"})
_SETTINGS = frozenset({"set_default_dtype", "set_default_tensor_type"})


@dataclass(eq=False)
class Leaf:
    """A statement that runs whole or not at all, and the statements around it."""

    node: ast.stmt
    around: tuple[ast.stmt, ...]

    @cached_property
    def binds(self) -> frozenset[str]:
        """The names that it gives a value."""
        return frozenset(bound_names(self.node))

    @cached_property
    def changes(self) -> frozenset[str]:
        """The names whose value it may change."""
        return frozenset(changed_names(self.node))

    @cached_property
    def uses(self) -> frozenset[str]:
        """The names that have to exist before it runs."""
        return frozenset(free_names(self.node)).union(*(_header_names(a) for a in self.around))

    @property
    def is_definition(self) -> bool:
        return isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))

    @property
    def is_import(self) -> bool:
        return isinstance(self.node, (ast.Import, ast.ImportFrom))


class Slices:
    """A parsed file, from which the part that some names need can be taken."""

    def __init__(self, tree: ast.Module, source: str = "") -> None:
        self.tree = tree
        self.source = source
        self.leaves = [Leaf(node, around) for node, around in _leaves(tree.body, ())]

    @cached_property
    def _assigned(self) -> frozenset[str]:
        return frozenset(n for leaf in self.leaves if not leaf.is_import for n in leaf.binds)

    @property
    def names(self) -> list[str]:
        """All names that the file's top level binds, in order."""
        return list(dict.fromkeys(n for leaf in self.leaves for n in sorted(leaf.binds)))

    @property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes that the top level defines, by name."""
        return {leaf.node.name: leaf.node for leaf in self.leaves if isinstance(leaf.node, ast.ClassDef)}

    def needed(self, names: Iterable[str]) -> list[ast.stmt]:
        """The statements that these names need, in the file's order, with everything else left out of them."""
        return _rebuilt(self.tree.body, {id(leaf.node) for leaf in self._needed(set(names))})

    def defining(self) -> list[ast.stmt]:
        """All statements but those that train, show or store, and what stands under the question for `__main__`."""
        acting = self._acting_functions
        chosen = {id(leaf.node) for leaf in self.leaves if not _acts(leaf.node, acting)}
        return _rebuilt(self.tree.body, chosen)

    @cached_property
    def _acting_functions(self) -> frozenset[str]:
        """The functions of the file that train, by themselves or through others."""
        functions = {
            leaf.node.name: _calls(leaf.node) for leaf in self.leaves if isinstance(leaf.node, ast.FunctionDef)
        }
        acting = {name for name, calls in functions.items() if calls & _TRAINS}
        while more := {name for name, calls in functions.items() if calls & acting} - acting:
            acting |= more
        return frozenset(acting)

    def reaches(self, name: str) -> set[str]:
        """All names of the file that a name leads to."""
        return {n for leaf in self._needed({name}) for n in leaf.uses | leaf.binds}

    def _needed(self, wanted: set[str]) -> list[Leaf]:
        chosen: set[int] = set()
        met: set[str] = set()
        names, leaves = wanted, list(self._always)
        while names or leaves:
            met |= names
            leaves += [leaf for name in names for leaf in self._wanted_for.get(name, ())]
            names, more = set(), []
            for leaf in leaves:
                if id(leaf) not in chosen:
                    chosen.add(id(leaf))
                    names |= leaf.uses - met
                    if leaf.uses & _BY_STRING:
                        more = [leaf for leaf in self.leaves if leaf.is_definition or leaf.is_import]
            leaves = more
        return [leaf for leaf in self.leaves if id(leaf) in chosen]

    @cached_property
    def _always(self) -> list[Leaf]:
        """What everything after it depends on."""
        return [leaf for leaf in self.leaves if _is_star(leaf.node) or _is_setting(leaf.node) or _is_future(leaf.node)]

    @cached_property
    def _wanted_for(self) -> dict[str, list[Leaf]]:
        """What has to run for a name: what binds it, what changes its value, and what it is the decorator of."""
        found: dict[str, list[Leaf]] = {}
        for leaf in self.leaves:
            node = leaf.node
            if isinstance(node, (ast.For, ast.AsyncFor, ast.While)) and _calls(node) & _TRAINS:
                continue
            names = leaf.binds
            if leaf.is_definition:
                names |= _decorator_roots(node)
            elif not leaf.is_import and (changes := leaf.changes & self._assigned) and not _calls(node) & _ACTS:
                names |= changes
            for name in names:
                found.setdefault(name, []).append(leaf)
        return found


def _leaves(body: list[ast.stmt], around: tuple[ast.stmt, ...]) -> Iterator[tuple[ast.stmt, tuple[ast.stmt, ...]]]:
    for node in body:
        inside = (*around, node)
        if isinstance(node, ast.If):
            if not _asks_for_main(node.test):
                yield from _leaves(node.body, inside)
            yield from _leaves(node.orelse, inside)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            yield from _leaves(node.body, inside)
        elif isinstance(node, ast.Try):
            for part in (node.body, *(h.body for h in node.handlers), node.orelse, node.finalbody):
                yield from _leaves(part, inside)
        else:
            yield node, around


def _rebuilt(body: list[ast.stmt], chosen: set[int]) -> list[ast.stmt]:
    """The statements with only the chosen leaves left in them."""
    kept: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.If):
            then = [] if _asks_for_main(node.test) else _rebuilt(node.body, chosen)
            other = _rebuilt(node.orelse, chosen)
            if then or other:
                kept.append(ast.copy_location(ast.If(node.test, then or [_nothing(node)], other), node))
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            inner = _rebuilt(node.body, chosen)
            if inner:
                kept.append(ast.copy_location(type(node)(node.items, inner, node.type_comment), node))
        elif isinstance(node, ast.Try):
            parts = [_rebuilt(p, chosen) for p in (node.body, node.orelse, node.finalbody)]
            handlers = [_rebuilt(h.body, chosen) for h in node.handlers]
            if any(parts) or any(handlers):
                caught = [
                    ast.copy_location(ast.ExceptHandler(h.type, h.name, new or [_nothing(h)]), h)
                    for h, new in zip(node.handlers, handlers, strict=True)
                ]
                kept.append(ast.copy_location(ast.Try(parts[0] or [_nothing(node)], caught, parts[1], parts[2]), node))
        elif id(node) in chosen:
            kept.append(node)
    return kept


def _nothing(node: ast.AST) -> ast.stmt:
    return ast.copy_location(ast.Pass(), node)


def _header_names(node: ast.stmt) -> set[str]:
    """The names that a compound statement asks before its body runs."""
    if isinstance(node, ast.If):
        return free_names(node.test)
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return set().union(*(free_names(item.context_expr) for item in node.items))
    if isinstance(node, ast.Try):
        return set().union(*(free_names(h.type) for h in node.handlers if h.type is not None))
    return set()


def _asks_for_main(test: ast.expr) -> bool:
    names = {n.id for n in ast.walk(test) if isinstance(n, ast.Name)}
    values = {n.value for n in ast.walk(test) if isinstance(n, ast.Constant)}
    return "__name__" in names and "__main__" in values


def _is_star(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _is_setting(node: ast.stmt) -> bool:
    """Changes of the search path and of torch's defaults, which everything after them depends on."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    called = node.value.func
    if not isinstance(called, ast.Attribute):
        return False
    return called.attr in _SETTINGS or ast.unparse(called.value) == "sys.path"


def _acts(node: ast.stmt, acting: frozenset[str]) -> bool:
    """Whether a statement of the top level trains, shows or stores."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
        return False
    calls = _calls(node)
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While, ast.Expr)):
        return bool(calls & (_ACTS | acting)) and not _is_setting(node)
    return bool(calls & acting)


def _calls(node: ast.stmt) -> set[str]:
    """The names of methods and functions that a statement calls."""
    found = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            if isinstance(inner.func, ast.Attribute):
                found.add(inner.func.attr)
            elif isinstance(inner.func, ast.Name):
                found.add(inner.func.id)
    return found


def _decorator_roots(node: ast.stmt) -> set[str]:
    roots = set()
    for decorator in getattr(node, "decorator_list", ()):
        while isinstance(decorator, (ast.Attribute, ast.Call)):
            decorator = decorator.value if isinstance(decorator, ast.Attribute) else decorator.func
        if isinstance(decorator, ast.Name):
            roots.add(decorator.id)
    return roots
