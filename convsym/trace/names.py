"""Names in Python source: which a statement binds, which it changes, and which it takes from outside."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_Comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def children(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes inside a node, but for constants: tables of numbers hold many, and no names."""
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            yield from [v for v in value if isinstance(v, ast.AST) and not isinstance(v, ast.Constant)]
        elif isinstance(value, ast.AST) and not isinstance(value, (ast.Constant, ast.expr_context)):
            yield value


def bound_names(node: ast.AST) -> set[str]:
    """The names that a statement binds in the scope it stands in."""
    found: set[str] = set()
    for inner in _same_scope(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            found.add(inner.id)
        elif isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(inner.name)
        elif isinstance(inner, ast.alias):
            found.add(inner.asname or inner.name.partition(".")[0])
        elif isinstance(inner, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and inner.name:
            found.add(inner.name)
    return found - {"*"}


def changed_names(node: ast.AST) -> set[str]:
    """The names of the objects that a statement changes: by a method call, or by setting an item or attribute."""
    found: set[str] = set()
    for inner in _same_scope(node):
        target: ast.AST | None = None
        if isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call):
            if isinstance(inner.value.func, ast.Attribute):
                target = inner.value.func
        elif isinstance(inner, (ast.Attribute, ast.Subscript)) and isinstance(inner.ctx, (ast.Store, ast.Del)):
            target = inner
        while isinstance(target, (ast.Attribute, ast.Subscript, ast.Call)):
            target = target.func if isinstance(target, ast.Call) else target.value
        if isinstance(target, ast.Name):
            found.add(target.id)
    return found


def free_names(node: ast.AST) -> set[str]:
    """The names that code takes from the scopes around it, those inside its functions and classes too."""
    if isinstance(node, _Function):
        return _free_in_function(node)
    if isinstance(node, ast.ClassDef):
        return _free_in_class(node)
    if isinstance(node, _Comprehension):
        bound = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
        return _free_in(children(node)) - bound
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, (ast.Load, ast.Del)) else set()
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return _free_in(children(node)) | {node.target.id}
    if isinstance(node, ast.Attribute) and node.attr in ("__subclasses__", "__init_subclass__"):
        return free_names(node.value) | {node.attr}
    return _free_in(children(node))


def _free_in(nodes: Iterator[ast.AST]) -> set[str]:
    return set().union(*(free_names(n) for n in nodes))


def _free_in_function(node: ast.AST) -> set[str]:
    arguments = node.args  # type: ignore[attr-defined]
    outside: set[str] = set()
    for part in (*arguments.defaults, *arguments.kw_defaults, *getattr(node, "decorator_list", ())):
        if part is not None:
            outside |= free_names(part)
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    named += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    for annotation in (*(a.annotation for a in named), getattr(node, "returns", None)):
        if annotation is not None:
            outside |= free_names(annotation)
    body = node.body if isinstance(node.body, list) else [node.body]  # type: ignore[attr-defined]
    bound = {a.arg for a in named}.union(*(bound_names(b) for b in body))
    shared = {n for b in body for i in _same_scope(b) if isinstance(i, (ast.Global, ast.Nonlocal)) for n in i.names}
    return outside | (_free_in(iter(body)) - (bound - shared)) | shared


def _free_in_class(node: ast.ClassDef) -> set[str]:
    outside = _free_in(iter([*node.bases, *(k.value for k in node.keywords), *node.decorator_list]))
    bound: set[str] = {"__class__"}
    inside: set[str] = {"__init_subclass__"} if "__init_subclass__" in _method_names(node) else set()
    for statement in node.body:
        free = free_names(statement)
        # Functions in a class body do not see its names.
        inside |= free if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) else free - bound
        bound |= bound_names(statement)
    return outside | inside - {"__class__"}


def _method_names(node: ast.ClassDef) -> set[str]:
    return {s.name for s in node.body if isinstance(s, ast.FunctionDef)}


def _same_scope(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what lies inside it, without the bodies of functions, classes and comprehensions."""
    yield node
    if isinstance(node, (*_Function, ast.ClassDef)):
        return
    if isinstance(node, _Comprehension):
        # An assignment expression in a comprehension binds outside it.
        for inner in ast.walk(node):
            if isinstance(inner, ast.NamedExpr):
                yield inner.target
        return
    for child in children(node):
        yield from _same_scope(child)
