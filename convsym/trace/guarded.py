"""Rules of plug-ins, called so that their mistakes are not taken for the user's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import Any

from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.trace.errors import BrokenRule, Unsupported
from convsym.trace.frames import on_behalf_of


def guarded(plugin: str, rule: OpRule) -> OpRule:
    """The same rule; whatever goes wrong in it becomes a BrokenRule, and its own lines are never the user's place."""

    def infer(site: Site, *args: Any, **kwargs: Any) -> Outcome:
        outcome = _called(plugin, rule, sys._getframe(1), partial(rule.infer, site, *args, **kwargs))
        if not isinstance(outcome, Outcome):
            raise BrokenRule(f"the rule {rule.name} of the plug-in {plugin} gives {outcome!r}, not an Outcome")
        return outcome

    def arguments_of(arguments: Callable[..., Any]) -> Callable[..., Any]:
        def called(module: Any, *args: Any, **kwargs: Any) -> Any:
            return _called(plugin, rule, sys._getframe(1), partial(arguments, module, *args, **kwargs))

        return called

    modules = {module: arguments_of(arguments) for module, arguments in rule.modules.items()}
    return replace(rule, infer=infer, modules=modules)


def _called(plugin: str, rule: OpRule, caller: FrameType, call: Callable[[], Any]) -> Any:
    try:
        with on_behalf_of(caller):
            return call()
    except Unsupported:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise BrokenRule(f"the rule {rule.name} of the plug-in {plugin} fails: {said}") from error
