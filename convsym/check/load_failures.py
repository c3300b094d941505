"""Why a model could not be had, as a diagnostic."""

from __future__ import annotations

import inspect
from typing import Any

from convsym.diagnostics import Change, Diagnostic
from convsym.graph.place import Place
from convsym.rules import Rule
from convsym.rules.diagnosis import all_rules
from convsym.rules.failing_constructor import FailingConstructor
from convsym.rules.failing_import import FailingImport
from convsym.rules.missing_arguments import MissingArguments
from convsym.rules.no_such_model import NoSuchModel
from convsym.rules.rule import constructor_arguments
from convsym.rules.syntax_error import SyntaxError as SyntaxErrorRule
from convsym.trace.errors import ConstructionError, DoesNotImport, DoesNotParse, LoadError, NeedsArguments

_LOAD_RULES: tuple[tuple[type[LoadError], type[Rule]], ...] = (
    (DoesNotParse, SyntaxErrorRule),
    (DoesNotImport, FailingImport),
    (NeedsArguments, MissingArguments),
    (ConstructionError, FailingConstructor),
    (LoadError, NoSuchModel),
)
# How torch says that a class does not call the __init__ of nn.Module.
_UNINITIALISED = "before Module.__init__() call"


def is_mistake(error: LoadError) -> bool:
    """Whether a failure shows a mistake although nobody said how the model is built.

    A default that is None is meant to be replaced, and what a constructor raises itself may ask for that. What a layer
    of torch refuses for its numbers is wrong whoever builds it.
    """
    if not isinstance(error, ConstructionError) or error.layer is None:
        return isinstance(error, DoesNotParse) or _UNINITIALISED in str(error)
    usual = inspect.signature(error.layer.layer).parameters
    missing = [n for n, v in error.layer.arguments.items() if v is None and n in usual and usual[n].default is not None]
    return not missing and _same_mistake(error) is not None


def _same_mistake(error: ConstructionError) -> Rule | None:
    """The rule that finds in a forward what a layer's constructor refuses."""
    if error.layer is None:
        return None
    layer, arguments = error.layer.layer.__name__, error.layer.arguments
    return next((r for r in all_rules() if r.refuses(layer, arguments)), None)


def of_load_error(error: LoadError, path: str) -> Diagnostic:
    """The diagnostic of a failure to load or build, under the code of the mistake where torch's refusal shows it."""
    rule: Rule = next(rule for kind, rule in _LOAD_RULES if isinstance(error, kind))()
    help = error.help
    same = _same_mistake(error) if isinstance(error, ConstructionError) else None
    if same is not None:
        rule, help = same, same.help
    message, changes = str(error), tuple[Change, ...]()
    if isinstance(error, ConstructionError) and error.layer is not None:
        message += f" ({_arguments(error.layer.arguments)})"
        changes = _changes(rule, error)
    return rule.diagnostic(message, error.place or Place(path, 1), error.related, {}, help, changes=changes)


def _changes(rule: Rule, error: ConstructionError) -> tuple[Change, ...]:
    if error.layer is None or error.place is None:
        return ()
    layer, arguments = error.layer.layer, error.layer.arguments
    names = constructor_arguments(layer)
    return tuple(
        Change(error.place, layer.__name__, argument, names.index(argument), arguments[argument], wanted)
        for argument, wanted in rule.mends(layer.__name__, arguments).items()
    )


def _arguments(arguments: Any) -> str:
    shown = {k: v for k, v in arguments.items() if isinstance(v, (int, str, tuple)) and not isinstance(v, bool)}
    return ", ".join(f"{name}={value!r}" for name, value in shown.items())
